#!/usr/bin/env python3
"""Man pages and completions of rollcalld: pages.py ROLLCALLD SETTINGS.md OUT, into OUT/man and so on, as they are installed
below share/.

rollcalld(8) and the completions are made from `rollcalld --help`, rollcall.toml(5) from the tables of docs/settings.md. What
the program takes and the pages do not have is found by tests/package/test_pages.py.
"""

import re
import subprocess
import sys
from pathlib import Path

FLAG = re.compile(r"^  ((?:-\w,)?--[\w-]+)(?: (\S+))?(?: \.\.\.)? {2,}(.+)$")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
SECTIONS_LEFT_OUT = ("Flags", "Signals")  # of the settings: they are in rollcalld(8)
CHOICES = {"--log-level": "trace debug info warn error"}
FILES = {"--config", "--db", "--backup", "--restore"}


def escaped(text):
    """Text that roff leaves as it is, on one line."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def inline(markdown):
    """A line of Markdown: links lose their target, code and emphasis become bold and italic."""
    text = escaped(LINK.sub(r"\1", markdown.replace("\\|", "|")))
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    return re.sub(r"(?<![\w*])\*{1,2}([^*\s][^*]*)\*{1,2}(?![\w*])", r"\\fI\1\\fR", text)


def flags_of(help_text):
    """(group, [(flag, shape, meaning)]), in the order of the help."""
    groups = []
    for line in help_text.splitlines():
        if found := FLAG.match(line):
            groups[-1][1].append(found.groups())
        elif line.endswith(":") and not line.startswith(" "):
            groups.append((line[:-1], []))
    return [(name, flags) for name, flags in groups if flags]


def heading(page, section, version, summary):
    return (f'.TH {page.upper()} {section} "" "Rollcall {version}" "Rollcall"\n.SH NAME\n{escaped(page)} \\- '
            f"{escaped(summary)}\n")


def rollcalld_page(help_text, version, settings):
    text = heading("rollcalld", 8, version, "a DNS server whose zone is the services that are alive right now")
    text += ".SH SYNOPSIS\n\\fBrollcalld\\fR [\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
    text += ("Services register over HTTP and keep calling; whoever can do a DNS lookup finds them; when the calls stop, they are "
             "gone.\nWithout options DNS is answered on 127.0.0.1:8600 and HTTP on 127.0.0.1:8500.\n")
    for group, flags in flags_of(help_text):
        text += f'.SH "{escaped(group.upper())}"\n'
        for flag, shape, meaning in flags:
            names = escaped(flag).replace(",", "\\fR, \\fB")
            text += f".TP\n\\fB{names}\\fR"
            text += f" \\fI{escaped(shape)}\\fR\n" if shape else "\n"
            text += escaped(meaning) + ".\n"
    text += ".SH SIGNALS\n" + table(table_rows(settings.partition("## Signals\n")[2]))
    text += """.SH EXIT STATUS
0 after a clean stop, 1 with one sentence when it cannot start, 2 where the command line is wrong.
.SH FILES
.TP
\\fI/etc/rollcall/rollcall.toml\\fR
The settings of the service, rollcall.toml(5).
.TP
\\fI/etc/rollcall/zones/\\fR
Zone files: what is in a zone besides the services.
.TP
\\fI/var/lib/rollcall/rollcall.db\\fR
The database of the service.
.SH SEE ALSO
\\fBrollcall.toml\\fR(5), \\fBrollcall\\fR(1)
"""
    return text


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def table_rows(markdown):
    """The first table of a text: (heading, cell) pairs of each row."""
    lines = []
    for line in markdown.splitlines():
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            break
    titles = cells(lines[0])
    return [list(zip(titles, cells(line))) for line in lines[2:]]


def table(rows):
    """Each row becomes a paragraph with the first cell as its tag and the last but one as its text."""
    text = ""
    for (_, name), *rest in rows:
        facts = {title: cell for title, cell in rest if cell and cell not in ("none", "–")}
        meaning = facts.pop("meaning", "") or facts.pop("does", "")
        named = "; ".join(f"{title}: {inline(cell)}" for title, cell in facts.items())
        first = inline(meaning)
        text += f".TP\n{inline(name)}\n{first or named}{'.' if not (first or named).endswith('.') else ''}\n"
        if first and named:
            text += f".br\n{named[0].upper()}{named[1:]}.\n"
    return text


def body(markdown):
    """Paragraphs, tables, headings and verbatim blocks."""
    text, lines, at = "", markdown.splitlines(), 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = lines.index("```", at + 1)
            text += ".PP\n.nf\n" + "".join(escaped(shown) + "\n" for shown in lines[at + 1:end]) + ".fi\n"
            at = end
        elif line.startswith("|"):
            text += table(table_rows("\n".join(lines[at:])))
            while at + 1 < len(lines) and lines[at + 1].startswith("|"):
                at += 1
        elif line.startswith("#"):
            title = line.lstrip("# ").replace("`", "")
            text += f'.SH "{inline(title.upper() if line.startswith("## ") else title)}"\n'
        elif not line:
            text += "" if text.endswith((".PP\n", '"\n')) else ".PP\n"
        elif not line.startswith("<!--"):
            text += inline(line) + "\n"
        at += 1
    # A paragraph that begins nothing is a complaint of every reader of man pages.
    return re.sub(r"\.PP\n(?=(?:\.PP|\.SH|\.TP|\Z))", "", text)


def settings_page(settings, version):
    parts = re.split(r"^## ", settings.partition("\n")[2], flags=re.M)
    kept = [parts[0], *("## " + part for part in parts[1:] if not part.startswith(SECTIONS_LEFT_OUT))]
    return (heading("rollcall.toml", 5, version, "the settings of rollcalld") + ".SH DESCRIPTION\n" +
            body("".join(kept).strip()) + ".SH SEE ALSO\n\\fBrollcalld\\fR(8)\n")


def long_name(flag):
    return flag.rpartition(",")[2]


def bash(flags):
    words = " ".join(long_name(flag) for flag, _, _ in flags)
    cases = "".join(f'    {flag}) COMPREPLY=($(compgen -W "{choice}" -- "$cur")); return ;;\n' for flag, choice in CHOICES.items())
    files = "|".join(sorted(FILES))
    others = "|".join(flag for flag, shape, _ in flags if shape and flag not in FILES and flag not in CHOICES)
    return f"""# Completion of rollcalld for bash.
_rollcalld() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
  COMPREPLY=()
  case $prev in
{cases}    {files}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    {others}) return ;;
  esac
  COMPREPLY=($(compgen -W "{words}" -- "$cur"))
}}
complete -o filenames -F _rollcalld rollcalld
"""


def quoted(text):
    return text.replace("'", "'\\''")


def zsh(flags):
    lines = []
    for flag, shape, meaning in flags:
        told = re.sub(r"([][:])", r"\\\1", quoted(meaning))
        spec = f"*{long_name(flag)}[{told}]"
        if shape:
            action = "_files" if flag in FILES else f"({CHOICES[flag]})" if flag in CHOICES else " "
            spec += f":{shape.replace(':', ' ').replace('[', '').replace(']', '')}:{action}"
        lines.append(f"  '{spec}'")
    return "#compdef rollcalld\n_arguments \\\n" + " \\\n".join(lines) + "\n"


def fish(flags):
    text = "complete -c rollcalld -f\n"
    for flag, shape, meaning in flags:
        text += f"complete -c rollcalld -l {long_name(flag)[2:]} -d '{quoted(meaning)}'"
        if shape:
            text += " -r" + (" -F" if flag in FILES else f" -a '{CHOICES[flag]}'" if flag in CHOICES else "")
        text += "\n"
    return text


def main():
    program, settings_file, out = sys.argv[1:]

    def said(flag):
        return subprocess.run([program, flag], capture_output=True, text=True, check=True).stdout

    help_text, version = said("--help"), said("--version").split()[-1]
    settings = Path(settings_file).read_text(encoding="utf-8")
    flags = [flag for _, group in flags_of(help_text) for flag in group]
    for name, text in {
        "man/man8/rollcalld.8": rollcalld_page(help_text, version, settings),
        "man/man5/rollcall.toml.5": settings_page(settings, version),
        "bash-completion/completions/rollcalld": bash(flags),
        "zsh/vendor-completions/_rollcalld": zsh(flags),
        "fish/vendor_completions.d/rollcalld.fish": fish(flags),
    }.items():
        file = Path(out) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
