# The plan is of the format that these checks were written for.
input
| [ select((.formatVersion | type) != "string" or (.formatVersion | startswith("1.") | not))
    | "this is no plan of format version 1" ]
| (.[], length == 0)
