# No more than a small share of the users of a segment get another variant, in the end or on the way.
($data.house.mostSwitch | numbers) // error("house.mostSwitch is missing")
| . as $most
| input
| [ .experiments[]
    | select(any(.findings[].impact[]; .switch > $most or .transientSwitch > $most))
    | "\(.key): more users switch than the house allows" ]
| (.[], length == 0)
