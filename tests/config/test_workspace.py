"""The workspace file: where it is found, what it may say, and which environment is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from expsync.config.load import load_workspace
from expsync.errors import ConfigError
from tests.config.world import WORKSPACE, brief, workspace_in

ENVIRONMENT = "version: 1\nenvironments:\n  prod: {projectId: 1}\n"


def refuse(folder: Path, text: str | bytes) -> list[str]:
    (folder / "expsync.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_workspace(None, cwd=folder, environ={})
    assert caught.value.exit_code == 1
    return [brief(d) for d in caught.value.diagnostics]


BASE_URL = "EXP303 3:32 the base URL can't be used"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["EXP102 1:1 the workspace file is empty"]),
        ("---\n---\n", ["EXP102 2:1 the workspace file is empty"]),
        (ENVIRONMENT + "---\nversion: 1\n", ["EXP102 1:1 the workspace file has more than one document"]),
        ("[]\n", ["EXP103 1:1 the document is of the wrong kind"]),
        ("version: 1\n", ['EXP102 1:1 "environments" is missing']),
        ("version: 1\nenvironments: {}\n", ["EXP107 2:15 environments has 0 entries"]),
        ("version: 1\nenvironments:\n  prod:\n", ["EXP108 3:8 environments.prod has no value"]),
        (ENVIRONMENT.replace("version: 1", "version: 2"), ["EXP105 1:10 version can't be 2"]),
        (ENVIRONMENT.replace("version: 1", "version: true"), ["EXP105 1:10 version can't be true"]),
        (ENVIRONMENT.replace("version: 1", "version: 1.0"), ["EXP105 1:10 version can't be 1.0"]),
        (ENVIRONMENT.replace("version: 1", "version: '1'"), ['EXP105 1:10 version can\'t be "1"']),
        (ENVIRONMENT + "versoin: 1\n", ['EXP101 4:1 unknown field "versoin"']),
        (ENVIRONMENT + "limits: {parallelism: 1.5}\n",
         ["EXP103 4:23 limits.parallelism is of the wrong kind"]),
        (ENVIRONMENT + "limits: {requestsPerSecond: 0, timeout: 601, parallelism: 0}\n",
         ["EXP104 4:29 limits.requestsPerSecond is out of range", "EXP104 4:41 limits.timeout is out of range",
          "EXP104 4:59 limits.parallelism is out of range"]),
        (ENVIRONMENT + "policy: {refuse: always, massChange: {percent: 101, atLeast: -1}}\n",
         ['EXP105 4:18 policy.refuse can\'t be "always"', "EXP104 4:48 policy.massChange.percent is out of range",
          "EXP104 4:62 policy.massChange.atLeast is out of range"]),
        (ENVIRONMENT + "ownership: {tag: t, protectedTag: t}\n", ["EXP306 4:35 the two ownership tags are the same"]),
        (ENVIRONMENT + "ownership: {tag: protected-by-expsync}\n",
         ["EXP306 4:18 the two ownership tags are the same"]),
        (ENVIRONMENT + "ownership: {tag: ''}\n", ["EXP106 4:18 ownership.tag is empty"]),
        (ENVIRONMENT + "defaultEnvironment: prd\n", ['EXP308 4:21 there is no environment "prd"']),
        (ENVIRONMENT + "experiments: [/etc/*.yaml, ../x/*.yaml, 'a\\b', '.', '[z-a].yaml', '']\n",
         ["EXP106 4:67 experiments[5] is empty"]),
        (ENVIRONMENT + "experiments: [/etc/*.yaml, ../x/*.yaml, 'a\\b', '.', '[z-a].yaml', 'C:/x']\n",
         ['EXP304 4:15 the glob "/etc/*.yaml" can\'t be used', 'EXP304 4:28 the glob "../x/*.yaml" can\'t be used',
          'EXP304 4:41 the glob "a\\b" can\'t be used', 'EXP304 4:48 the glob "." can\'t be used',
          'EXP304 4:53 the glob "[z-a].yaml" can\'t be used', 'EXP304 4:67 the glob "C:/x" can\'t be used']),
        (ENVIRONMENT + 'experiments: ["\\0x/*.yaml"]\n', ['EXP304 4:15 the glob "x/*.yaml" can\'t be used']),
        (ENVIRONMENT + "rules: {EXP401: loud}\n", ['EXP105 4:17 rules.EXP401 can\'t be "loud"']),
        (ENVIRONMENT + "rules: {EXP401: off, EXP209: off, EXP104: warning, EXP499: off}\n",
         ["EXP307 4:22 the rule EXP209 always holds", "EXP307 4:35 the rule EXP104 always holds",
          'EXP307 4:52 there is no rule "EXP499"']),
        (ENVIRONMENT.replace("projectId: 1", "projectId: ' '"), ["EXP106 3:21 the project id is empty"]),
        (ENVIRONMENT.replace("projectId: 1", "projectId: true"),
         ["EXP103 3:21 environments.prod.projectId is of the wrong kind"]),
        (ENVIRONMENT.replace("prod:", "' prod':"),
         ["EXP106 3:3 an environment's name has characters that do not show"]),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, apiKeyEnv: A-B"),
         ["EXP106 3:35 environments.prod.apiKeyEnv has a form that is not allowed"]),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, apiKeyEnv: ampex_0123456789"),
         ["EXP020 3:35 an API key stands in the file"]),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, region: uk"),
         ['EXP105 3:32 environments.prod.region can\'t be "uk"']),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, region: eu, baseUrl: https://x.example"),
         ["EXP302 3:32 region and baseUrl are given at once"]),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, deployments: {web: 1, ios: '1'}"),
         ['EXP305 3:51 two aliases stand for the deployment "1"']),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, deployments: {'2': 1, ios: 2}"),
         ['EXP305 3:38 the alias "2" is the id of another deployment']),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, deployments: {web: ''}"),
         ['EXP106 3:43 the deployment id of "web" is empty']),
        (ENVIRONMENT.replace("projectId: 1", "projectId: 1, deployments: {'': 1}"), ["EXP106 3:38 a key is empty"]),
        ("version: 1\nversion: 1\n", ['EXP006 2:1 the key "version" stands here twice']),
        ("version: 1\n\tx: 1\n", ["EXP015 2:1 a tab can't indent"]),
        (b"version: \xff\n", ["EXP003 1:10 the file is not UTF-8"]),
    ],
)  # fmt: skip
def test_a_bad_workspace_file_is_told(tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    assert refuse(tmp_path, text) == expected


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "x.example", "//x", "https://", "https:///x", "http://x.example", "http://10.0.0.1", "http://127.1",
     "http://localhost.example", "https://u:p@x", "https://u@x", "https://x?a=b", "https://x?", "https://x#f",
     "https://x:99999", "https://x:0", "https://[::1",
     "https://x y", "'https://x\\\\y'", "'\"'", "javascript:alert(1)"],
)  # fmt: skip
def test_a_base_url_that_could_leak_the_key_is_refused(tmp_path: Path, url: str) -> None:
    text = f"version: 1\nenvironments:\n  prod: {{projectId: 1, baseUrl: '{url.strip(chr(39))}'}}\n"
    assert refuse(tmp_path, text) == ["EXP303 3:33 the base URL can't be used"]


@pytest.mark.parametrize(
    ("url", "used"),
    [("sandbox", "sandbox"), ("https://x.example/", "https://x.example"), ("https://x.example/api", "https://x.example/api"),
     ("http://localhost:8377", "http://localhost:8377"), ("http://127.9.9.9", "http://127.9.9.9"),
     ("http://[::1]:80", "http://[::1]:80"), ("HTTPS://X", "HTTPS://X")],
)  # fmt: skip
def test_a_base_url_over_tls_or_to_this_machine_is_taken(tmp_path: Path, url: str, used: str) -> None:
    text = f"version: 1\nenvironments:\n  prod: {{projectId: 1, baseUrl: '{url}'}}\n"
    workspace = workspace_in(tmp_path, {}, workspace=text)
    assert workspace.environment(None, {})[1].url == used


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    workspace_in(tmp_path, {"a/b/c.txt": "", "a/expsync.yaml": ENVIRONMENT})
    for folder, root in (("a/b", "a"), ("a", "a"), (".", ".")):
        workspace = load_workspace(None, cwd=tmp_path / folder, environ={})
        assert (workspace.root, workspace.path) == (
            (tmp_path / root).resolve(),
            (tmp_path / root).resolve() / "expsync.yaml",
        )


def test_a_named_file_is_relative_to_the_working_directory(tmp_path: Path) -> None:
    workspace_in(tmp_path, {"other/w.yaml": ENVIRONMENT})
    workspace = load_workspace(Path("other/w.yaml"), cwd=tmp_path, environ={})
    assert workspace.root == (tmp_path / "other").resolve()
    assert list(workspace.file.environments) == ["prod"]


def test_a_linked_workspace_file_belongs_to_the_folder_of_the_link(tmp_path: Path) -> None:
    workspace_in(tmp_path, {"repo/shared/w.yaml": ENVIRONMENT})
    (tmp_path / "repo/expsync.yaml").symlink_to(tmp_path / "repo/shared/w.yaml")
    assert load_workspace(None, cwd=tmp_path / "repo", environ={}).root == (tmp_path / "repo").resolve()


def test_a_workspace_file_that_is_a_link_out_of_its_folder_is_not_read(tmp_path: Path) -> None:
    workspace_in(tmp_path, {"shared/w.yaml": ENVIRONMENT, "repo/x": ""})
    (tmp_path / "repo/expsync.yaml").symlink_to(tmp_path / "shared/w.yaml")
    with pytest.raises(ConfigError) as caught:
        load_workspace(None, cwd=tmp_path / "repo", environ={})
    assert str(caught.value).replace(str(tmp_path), "TMP") == (
        "error[EXP016]: the link leads out of the workspace\n"
        "  TMP/repo/expsync.yaml\n"
        "  a workspace file stands in the folder that it is about\n"
        "  hint: name the file itself with --config, or move it here"
    )


def test_no_file_and_no_readable_file_are_told(tmp_path: Path) -> None:
    def refusal(config: Path | None) -> str:
        with pytest.raises(ConfigError) as caught:
            load_workspace(config, cwd=tmp_path, environ={})
        return str(caught.value).replace(str(tmp_path), "TMP")

    assert refusal(None) == (
        "error[EXP301]: there is no expsync.yaml\n"
        "  looked in TMP and the folders above it\n"
        "  hint: run `expsync init` to begin a workspace, or name the file with --config"
    )
    hint = "\n  hint: run `expsync init` to begin a workspace, or name its file with --config"
    start = "error[EXP301]: no workspace file\n  TMP"
    assert refusal(Path("none.yaml")) == (
        start + "/none.yaml\n  it does not exist\n"
        "  hint: name a file that is there; without --config, expsync.yaml here or in a folder above is taken"
    )
    assert refusal(Path()) == start + "\n  it is a folder" + hint
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "expsync.yaml").touch()
    assert refusal(Path("team")) == (
        start + "/team\n  it is a folder\n  hint: name the file in it: --config TMP/team/expsync.yaml"
    )
    assert refusal(Path("x\0y")) == start + "/xy\n  it can't be read\n  hint: look at its permissions"
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(Path("loop")).startswith(start + "/loop\n  ")


def test_the_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    file = workspace_in(tmp_path, {}, workspace=ENVIRONMENT).file
    assert file.model_dump() == {
        "version": 1,
        "experiments": ["experiments/**/*.yaml", "experiments/**/*.yml"],
        "defaultEnvironment": "",
        "environments": {
            "prod": {
                "region": "us",
                "baseUrl": "",
                "projectId": 1,
                "apiKeyEnv": "EXPSYNC_API_KEY",
                "deployments": {},
            }
        },
        "ownership": {"tag": "managed-by-expsync", "protectedTag": "protected-by-expsync"},
        "limits": {"requestsPerSecond": 90, "parallelism": 10, "timeout": 30},
        "policy": {"refuse": "critical", "massChange": {"percent": 30, "atLeast": 10}},
        "rules": {},
    }


def test_the_environment_is_chosen_by_option_then_variable_then_default(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {}, workspace=WORKSPACE + "defaultEnvironment: sandbox\n")
    variable = {"EXPSYNC_ENV": "prod"}
    assert workspace.environment(None, {})[0] == "sandbox"
    assert workspace.environment(None, {"EXPSYNC_ENV": ""})[0] == "sandbox"
    assert workspace.environment(None, variable)[0] == "prod"
    assert workspace.environment("sandbox", variable)[0] == "sandbox"


def test_the_only_environment_needs_no_choice(tmp_path: Path) -> None:
    name, environment = workspace_in(tmp_path, {}, workspace=ENVIRONMENT).environment(None, {})
    assert (name, environment.project, environment.url) == ("prod", "1", "https://experiment.amplitude.com")


def test_a_missing_or_unknown_choice_lists_what_there_is(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {})

    def refusal(name: str | None, environ: dict[str, str]) -> str:
        with pytest.raises(ConfigError) as caught:
            workspace.environment(name, environ)
        return str(caught.value)

    assert refusal(None, {}) == (
        "error[EXP309]: which environment?\n  expsync.yaml\n  there are sandbox, prod\n"
        "  hint: give --env NAME, set EXPSYNC_ENV, or write defaultEnvironment"
    )
    assert refusal("prd", {}) == (
        'error[EXP308]: there is no environment "prd"\n  expsync.yaml\n  hint: did you mean "prod"?'
    )
    assert refusal(None, {"EXPSYNC_ENV": "live"}) == (
        'error[EXP308]: there is no environment "live"\n  expsync.yaml\n  EXPSYNC_ENV names it\n'
        "  hint: the environments are: sandbox, prod"
    )


def test_the_base_url_of_the_variable_takes_the_place_of_the_files(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {})
    variable = {"EXPSYNC_BASE_URL": "http://127.0.0.1:8377/"}
    assert workspace.environment("prod", variable)[1].url == "http://127.0.0.1:8377"
    assert workspace.environment("sandbox", variable)[1].url == "http://127.0.0.1:8377"
    assert workspace.file.environments["prod"].url == "https://experiment.amplitude.com"


def test_a_base_url_of_the_variable_is_checked_too(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {})
    variable = {"EXPSYNC_BASE_URL": "http://user:ampex_secret@x"}
    expected = (
        "error[EXP303]: the environment variable EXPSYNC_BASE_URL can't be used\n"
        "  it holds credentials; the key comes from an environment variable\n"
        "  hint: give `sandbox`, an https:// address, or http:// to this machine"
    )
    with pytest.raises(ConfigError) as caught:
        workspace.environment("prod", variable)
    assert str(caught.value) == expected
    with pytest.raises(ConfigError) as caught:
        load_workspace(None, cwd=tmp_path, environ=variable)
    assert str(caught.value) == expected
