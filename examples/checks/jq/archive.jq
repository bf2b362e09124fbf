# What is archived was meant to be: the pull request has the label `archive`.
($data.context.labels | arrays) // error("context.labels is missing")
| . as $labels
| input
| [ .experiments[]
    | select(.action == "archive" and ($labels | index("archive") == null))
    | "\(.key): archived without the label archive" ]
| (.[], length == 0)
