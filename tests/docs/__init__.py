"""Every command that the documents show is run, and everything they show is compared.

How to write a page (`docs/*.md`, and README.md):

- Name the world that its commands run in, on its first line: `<!-- world: quickstart -->`. The worlds, all of them
  scratch copies (`worlds.py` makes them):

  - `empty`: nothing (`~/work`).
  - `quickstart`: a copy of examples/quickstart (`~/flags`), nothing applied yet.
  - `many-environments`: a copy of examples/many-environments (`~/flags`), nothing applied yet.
  - `repository`: the quick start as a git repository (`~/flags`), committed on `main`, pushed to `origin`, and applied.
  - `live`: `~/flags` with nothing but an expsync.yaml whose one environment is `prod` (region us, project 2002, the key
    in `AMPLITUDE_PROD_KEY`, which a page sets by `AMPLITUDE_PROD_KEY=…`). The project has five live experiments, made
    by hand, and is served over HTTP: in what a page writes and runs, `region: us` means that server.
  - `clone`: a clone of this project (`~/expsync`): its examples, schemas, Makefile and pyproject.toml; and the same
    project 2002 behind `region: us`.

- A ```` ```console ```` fence holds commands after `$ `; a command goes on in the next line after a `\\` at its end.
  The other lines are the output. All fences of a page run in order in one bash, at a terminal of 80 columns, in UTC and
  with NO_COLOR. What is shown is compared exactly, but for what `shown.py` lists: times, digests, commits, salts. The
  line `…` alone stands for any lines. A command below which nothing is shown is run all the same, and its output is
  not compared.
- A command that ends with another code than 0 must be followed by `$ echo $?`.
- `… will do: yes` in the shown output types that `yes`; where it is not shown, the question is answered like that too.
- A fence with a title is a file: ```` ```yaml title="experiments/new.yaml" ```` writes it, and
  ```` ```diff title="experiments/checkout-button.yaml" ```` edits it (its context and `-` lines must be there, once).
  Paths are those of the working directory at that point of the page.
- `<!-- meanwhile: checkout-button {"rolloutPercentage": 25} -->` is somebody in Amplitude: the experiment gets these
  fields, by hand. `checkout-button@2002` names the project where the world has several, and
  `checkout-button/variants/treatment` edits a variant.
- `~` is `/home/ann` in what is shown, the served project is at `https://experiment.amplitude.com`, and port 8377 is a
  free one of the page's own. So is it in the commands.
- A command that ends in `&` stays, and may print; what is shown below it is waited for.
- ```` ```yaml ```` fences that are an experiment, a workspace or some fields of one are checked by the loader, titled
  or not (`test_yaml_examples.py`); with `<!-- wrong on purpose -->` on the line above one it must be a bad one.

To fill in the output, put a `?` below the command (or `…` and a `?` for each of the last lines) and run
`pytest tests/docs -k PAGE --update-expected`; then read it.

What is not real: `pip`, `python3 -m venv`, `git clone` and `make` are the programs of `standins/`, since a test has no
network. They look whether what they are told to install, to clone or to make is this project and exists, refuse
everything else, and then put the expsync under test in place. All other commands are what they seem.
"""
