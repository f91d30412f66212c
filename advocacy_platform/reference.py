"""Reference tables for docs/reference, read from the code so that they are never out of date."""

import ast
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import translation
from rest_framework.permissions import AND, OperandHolder

from advocacy_platform import api_urls, metrics, schedule
from advocates.roles import ROLES
from customers.scopes import SCOPES
from referrals.reasons import REASONS
from spine.refusal import Refusal

FOLDER = settings.BASE_DIR / "docs" / "reference"
ROOMS = ("spine", "brand", "customers", "advocates", "rewards", "integrations", "referrals", "advocacy_platform")
NOTE = "<!-- Written by `manage.py make_reference` from the code. -->\n"


def pages() -> dict[Path, str]:
    """Each reference page as it should be."""
    with translation.override("en"):
        made = {
            "settings": _settings(),
            "events": _events(),
            "refusals": _refusals(),
            "metrics": _metrics(),
            "schedule": _schedule(),
            "permissions": _permissions(),
            "scopes": _scopes(),
            "reasons": _reasons(),
            "api": _api(),
        }
    return {FOLDER / f"{name}.md": NOTE + text for name, text in made.items()}


def stale() -> list[Path]:
    """The pages that are missing or differ from what the code says."""
    return [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def write() -> list[Path]:
    """Write the pages that are stale and return them."""
    outdated, made = stale(), pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in outdated:
        path.write_text(made[path], encoding="utf-8")
    return outdated


def _table(*head: str, rows: Iterable[Iterable[object]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = [" | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in line) for line in lines]
    return "\n".join(f"| {line} |" for line in cells) + "\n"


def _settings() -> str:
    source = (settings.BASE_DIR / "advocacy_platform" / "settings.py").read_text(encoding="utf-8")
    lines, tree = source.splitlines(), ast.parse(source)
    sections: dict[str, list[tuple[str, str, str]]] = {}
    for statement in tree.body:
        for name, default, line in _variables(statement):
            says = _comment(lines, line) or _comment(lines, statement.lineno)
            sections.setdefault(_section(lines, line), []).append(
                (f"`{name}`", f"`{default}`" if default else "", says)
            )
    text = "# Settings\n\nEnvironment variables, and what each is when it is not set.\n"
    for section, rows in sections.items():
        text += f"\n## {section}\n\n" + _table("Variable", "Default", "What it does", rows=rows)
    return text


def _variables(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Every `env.…("NAME", default=…)`: its name, its default as written, and its line."""
    seen = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
            and node.args
            and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
        ):
            name = _name(node.args[0])
            default = next((ast.unparse(word.value) for word in node.keywords if word.arg == "default"), "")
            if name not in seen:
                seen.add(name)
                yield name, default, node.lineno


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "<PROVIDER>" for part in node.values)
    return str(ast.literal_eval(node))


def _section(lines: list[str], number: int) -> str:
    return next(line for line in reversed(lines[:number]) if line.startswith("# --- ")).strip("# -")


def _comment(lines: list[str], number: int) -> str:
    """The comment that stands right above a line."""
    found: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.strip().startswith("#") or line.startswith("# ---"):
            break
        found.insert(0, line.strip().removeprefix("#").strip())
    return " ".join(found)


def _events() -> str:
    recorded: dict[str, set[str]] = {}
    audited: dict[str, set[str]] = {}
    for path, call in _calls():
        module, _dot, function = ast.unparse(call.func).rpartition(".")
        if function == "record" and module == "events":
            _note(recorded, call.args[:1], path)
        elif function == "record" and module == "audit":
            _note(audited, call.args[1:2], path)
        elif function == "note" and module in ("", "staff"):
            _note(recorded, call.args[1:2], path)
            _note(audited, call.args[1:2], path)
    return (
        "# Events and acts\n\nAn event is a recorded act that readers of the API and webhooks see. It holds ids,"
        " amounts and versions, never personal data.\n\n"
        + _table("Event", "Recorded in", rows=_listed(recorded))
        + "\n## Acts in the audit\n\n"
        + _table("Act", "Recorded in", rows=_listed(audited))
    )


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(settings.BASE_DIR).as_posix(), node


def _note(found: dict[str, set[str]], arguments: list[ast.expr], path: str) -> None:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            found.setdefault(argument.value, set()).add(path)


def _listed(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    return [(f"`{name}`", ", ".join(f"`{path}`" for path in sorted(paths))) for name, paths in sorted(found.items())]


def _refusals() -> str:
    for room in ROOMS:
        for module in pkgutil.walk_packages([str(settings.BASE_DIR / room)], f"{room}."):
            if ".migrations" not in module.name and ".commands." not in module.name and module.name not in _PROCESSES:
                importlib.import_module(module.name)
    rows = sorted(
        (f"`{kind.code}`", kind.status, (kind.__doc__ or "").strip().partition("\n")[0], _sentence(kind))
        for kind in _heirs(Refusal)
        if kind.__module__.partition(".")[0] in ROOMS
    )
    return (
        "# Refusals\n\nWhat is answered, on pages and by the API, when the state of things does not allow an action."
        " Nothing has changed then.\n\n" + _table("Code", "Status", "When", "Sentence", rows=rows)
    )


# Importing these would make this process a web process or a worker.
_PROCESSES = {"advocacy_platform.wsgi", "advocacy_platform.celery"}


def _heirs(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for heir in kind.__subclasses__():
        yield heir
        yield from _heirs(heir)


def _sentence(kind: type[Refusal]) -> str:
    return "(depends)" if "detail" in vars(kind) else str(kind.sentence)


def _metrics() -> str:
    counted = [
        (f"`{metric.name}`", metric.type, ", ".join(collector._labelnames), metric.documentation)
        for collector in (metrics.REQUESTS, metrics.SECONDS)
        for metric in collector.describe()
    ]
    standing = [(f"`{name}`", "gauge", gauge.label, gauge.says) for name, gauge in metrics.GAUGES.items()]
    return "# Metrics\n\nWhat `/metrics` tells.\n\n" + _table(
        "Metric", "Type", "Labels", "What it is", rows=counted + standing
    )


def _schedule() -> str:
    rows = [
        (f"`{name}`", f"{sweep.every:g} s", sweep.queue, (sweep.call.__doc__ or "").strip().partition("\n")[0])
        for name, sweep in schedule.SWEEPS.items()
    ]
    return "# Schedule\n\nWhat machines look for by themselves.\n\n" + _table(
        "Sweep", "Every", "Queue", "What it does", rows=rows
    )


def _permissions() -> str:
    text = "# Roles and permissions\n"
    for name, role in ROLES.items():
        rows = [(f"`{permission}`", _says(permission)) for permission in sorted(role.permissions)]
        text += f"\n## {role.label} (`{name}`)\n\n{role.purpose}\n\n" + _table(
            "Permission", "What it allows", rows=rows
        )
    return text


def _scopes() -> str:
    rows = [
        (f"`{name}`", scope.purpose, "yes" if scope.is_publishable else "no") for name, scope in sorted(SCOPES.items())
    ]
    return "# Scopes\n\nWhat an API key may be allowed to do.\n\n" + _table(
        "Scope", "What it allows", "For a publishable key", rows=rows
    )


def _reasons() -> str:
    rows = [(f"`{code}`", reason.to_manager, reason.to_advocate) for code, reason in REASONS.items()]
    return (
        "# Reasons\n\nWhy a conversion is credited or not, and why a touch was taken or not. The codes are stable.\n\n"
        + _table("Code", "What a manager reads", "What the advocate reads", rows=rows)
    )


def _api() -> str:
    rows = []
    for pattern in api_urls.urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        if pattern.name and view is not None:
            methods = [name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)]
            says = (view.__doc__ or "").strip().partition("\n")[0]
            asks = ", ".join(map(_asks, view.permission_classes))
            rows.append((f"`/api/{pattern.pattern}`", ", ".join(methods), asks, says))
    return "# API paths\n\nWhat each path asks for and does.\n\n" + _table(
        "Path", "Methods", "Who may ask", "What it does", rows=rows
    )


def _asks(permission: Any) -> str:
    """Whom a permission lets in: the scope that a key must hold, or what is asked of a person."""
    if isinstance(permission, OperandHolder):
        operator: object = permission.operator_class
        word = " and " if operator is AND else " or "
        sides = (_asks(permission.op1_class), _asks(permission.op2_class))
        return word.join(filter(None, sides))
    if scope := getattr(permission, "needed", ""):
        return f"a key with `{scope}`"
    return _PERMISSIONS[permission.__name__]


_PERMISSIONS = {
    "AllowAny": "anybody",
    "HasKey": "any key",
    "HasSecondFactor": "a second factor",
    "IsAuthenticated": "whoever is signed in",
    "MayViewAudit": "`spine.view_auditentry`",
}


def _says(permission: str) -> str:
    label, codename = permission.split(".")
    for model in apps.get_app_config(label).get_models():
        for name, says in model._meta.permissions:
            if name == codename:
                return str(says)
        action, _underscore, noun = codename.partition("_")
        if noun == model._meta.model_name:
            return f"Can {action} {model._meta.verbose_name_plural}"
    return ""
