# Nothing changes while there is a freeze; both days belong to it.
($data.context.today | strings) // error("context.today is missing")
| . as $today
| input
| [ select([.experiments[]] != [])
    | $data.house.freezes[]
    | select(.from <= $today and $today <= .to)
    | "there is a freeze from \(.from) to \(.to)" ]
| (.[], length == 0)
