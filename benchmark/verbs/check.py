"""`nextword check model=NAME`: check a model against the contract."""

from __future__ import annotations

from benchmark.errors import UserError

HELP = """\
nextword check model=NAME [model.KEY=VALUE ...]

Fits the model on small made-up texts, with and without sentence ends, and checks that it keeps the
contract in benchmark/contract.py. The exit status is 1 if it breaks a rule. The rules:

"""


def main(arguments: list[str]) -> int:
    from benchmark.check import RULES, check_model

    if "-h" in arguments or "--help" in arguments:
        print(HELP + "\n".join(f"  {rule:11} {text}" for rule, text in RULES.items()))
        return 0
    if not any(argument.startswith("model=") for argument in arguments):
        raise UserError("which model? nextword check model=NAME (nextword list models)")

    from benchmark.build import build_model
    from benchmark.sweep.compose import collect

    broken = 0
    for job in collect(arguments):
        print(f"{job.config['model'].get('label', job.model)}:")
        for finding in check_model(lambda job=job: build_model(job.config["model"])):  # type: ignore[misc]
            broken += finding.problem is not None
            verdict = "holds" if finding.problem is None else f"BROKEN: {finding.problem}"
            print(f"  {finding.rule:11} {finding.text:20} {verdict}")
    return 1 if broken else 0
