# The plan is for the environment and the project that this pipeline is there for.
input
| [ select(.environment != $data.house.environment or .projectId != $data.house.projectId)
    | "the plan is for another environment or project" ]
| (.[], length == 0)
