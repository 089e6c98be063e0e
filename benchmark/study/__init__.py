"""Studies: what textbooks and lectures claim about language models, each tried out and judged by a rule.

A study is a file `conf/study/NAME.yaml` and a module in `benchmark/study/claims/`. The file states the claim,
the runs and the rules of the verdict, beforehand. The module has what is measured on the runs (see
`study.claim.StudyModule`).
"""
