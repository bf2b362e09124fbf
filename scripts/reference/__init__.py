"""The pages of the reference, made from the program: commands, fields, rules, the plan document."""
