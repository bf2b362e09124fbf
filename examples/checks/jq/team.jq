# A team's repository has its own experiments alone: their keys begin with one of its prefixes.
($data.house.prefixes | arrays) // error("house.prefixes is missing")
| . as $prefixes
| input
| [ .experiments[].key
    | . as $key
    | select(any($prefixes[]; . as $prefix | $key | startswith($prefix)) | not)
    | "\(.): not a key of this team" ]
| (.[], length == 0)
