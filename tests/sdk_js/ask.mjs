// Asks the vendor's own SDK, as it comes, which variants users get; what is right, the tests say.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { LocalEvaluationClient, RemoteEvaluationClient } from "@amplitude/experiment-node-server";

const wanted = JSON.parse(readFileSync(0, "utf8"));
const began = Date.now();
const found = { version: createRequire(import.meta.url)("@amplitude/experiment-node-server/package.json").version };

// Not by `Experiment.initializeLocal`, which gives the same client to whoever has the same key.
const worlds = {};
for (const [name, { url, key }] of Object.entries(wanted.worlds)) {
  const local = new LocalEvaluationClient(key, { serverUrl: url });
  await local.start();
  worlds[name] = { local, remote: new RemoteEvaluationClient(key, { serverUrl: url, fetchRetries: 0 }) };
}

/** The variants as plain values, without what only tells where they are from. */
function plain(variants) {
  const pairs = Object.entries(variants).map(([flag, { key, value, payload }]) => [flag, { key, value, payload }]);
  return Object.fromEntries(pairs.sort());
}

found.fixed = [];
for (const { world, user } of wanted.fixed) {
  const { local, remote } = worlds[world];
  found.fixed.push({ local: plain(local.evaluateV2({ ...user })), remote: plain(await remote.fetchV2({ ...user })) });
}
found.groups = [];
for (const { world, flag, by, user } of wanted.groups) {
  const { local, remote } = worlds[world];
  const named = (number) => ({ ...user, [by]: `user-${number}` });
  const arms = { local: [], remote: [] };
  for (let number = 0; number < wanted.users; number += 1) {
    arms.local.push(local.evaluateV2(named(number), [flag])[flag]?.key ?? null);
  }
  for (let number = 0; number < wanted.remote; number += 1) {
    arms.remote.push((await remote.fetchV2(named(number)))[flag]?.key ?? null);
  }
  found.groups.push(arms);
}
for (const { local } of Object.values(worlds)) local.stop();
found.milliseconds = Date.now() - began;
process.stdout.write(JSON.stringify(found));
