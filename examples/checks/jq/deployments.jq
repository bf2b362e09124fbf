# Nobody takes an experiment off a deployment.
input
| [ .experiments[]
    | .key as $key
    | .changes[]
    | select(.kind == "remove" and (.path | startswith("deployments.")))
    | "\($key): a deployment is removed" ]
| unique
| (.[], length == 0)
