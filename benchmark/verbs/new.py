"""`nextword new model NAME`: begin a model of your own from a small one that works."""

from __future__ import annotations

import shlex

from benchmark.console.options import OneOf, Parser

EPILOG = """\
Three files are written: the model, its settings, and its test. In a checkout they go to baselines/,
conf/model/ and tests/. Elsewhere the settings go to conf/model/ in the current folder, or to the
folder that --config-dir names, and the other two beside that folder. No file is overwritten.
"""


def main(arguments: list[str]) -> int:
    from benchmark.scaffold.new_model import FAMILIES, new_model, write_new_model

    parser = Parser("nextword new", __doc__, EPILOG)
    parser.add_argument("what", type=OneOf(["model"]), help="model")
    parser.add_argument("name", metavar="NAME", help="its name, such as my_model")
    parser.add_argument(
        "--family",
        type=OneOf(FAMILIES),
        required=True,
        metavar="FAMILY",
        help="what it begins from: " + "; ".join(f"{name}, {each.text}" for name, each in FAMILIES.items()),
    )
    options = parser.parse(arguments, intermixed=True)
    model = new_model(options.name, options.family)
    for file in write_new_model(model):
        print(f"wrote {file}")
    own = ["--config-dir", str(model.config_dir)] if model.config_dir else []
    commands = [
        ["nextword", "check", *own, f"model={model.name}"],
        ["nextword", "run", *own, f"model={model.name}", f"corpus={FAMILIES[model.family].corpus}"],
    ]
    print("try it:")
    for command in commands:
        print(f"  {shlex.join(command)}")
    return 0
