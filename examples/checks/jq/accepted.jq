# Nothing critical that nobody has accepted, and nothing blocked.
input
| [ .experiments[]
    | .key as $key
    | .findings[]
    | select(.severity == "blocked" or (.severity == "critical" and .acknowledged != true))
    | "\($key): \(.risk) is not accepted" ]
| unique
| (.[], length == 0)
