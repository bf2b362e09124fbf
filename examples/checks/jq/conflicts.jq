# Nothing is undone that people changed in the UI. The plan has to be made with --base.
input
| [ (select(.base == null) | "the plan was made without --base"),
    ( .experiments[]
      | select(any(.changes[]; .origin == "live" or .origin == "both"))
      | "\(.key): undoes what people changed" ) ]
| (.[], length == 0)
