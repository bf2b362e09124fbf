// Evaluates with the vendor's JavaScript engine: one line of JSON in ({flags, users}), one line out (a list a user).
// The engine is looked up from the working directory, where compare_core.py has installed it.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { EvaluationEngine } = createRequire(`${process.cwd()}/`)('@amplitude/experiment-core');
const engine = new EvaluationEngine();

for await (const line of createInterface({ input: process.stdin })) {
  const { flags, users } = JSON.parse(line);
  const keys = users.map((user) => {
    const variants = engine.evaluate(user, flags);
    return flags.map((flag) => variants[flag.key]?.key ?? null);
  });
  process.stdout.write(`${JSON.stringify(keys)}\n`);
}
