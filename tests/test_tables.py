"""Tables in Markdown: one line a row, names that may break, and what was said of a model."""

from dropout_scaling.tables import audited, breakable, table


def test_a_table_has_a_rule_of_as_many_columns_as_its_head_and_jupyter_renders_it():
    made = table("a | b | c", ["1 | 2 | 3", "4 | 5 | 6"])
    assert made.splitlines() == ["| a | b | c |", "|---|---|---|", "| 1 | 2 | 3 |", "| 4 | 5 | 6 |"]
    assert made._repr_markdown_() == made


def test_a_name_may_break_behind_each_of_its_words():
    assert breakable("a_b.c") == '<code class="literal">a_<wbr>b.<wbr>c</code>'


def test_a_model_is_told_with_its_rates_if_it_was_given_some():
    row = {"model": "ViT", "package": "timm", "version": "1.0", "rates": "", "code": "So it is."}
    row["says"] = "never called `blocks.0`"
    plain, given = audited([row, row | {"rates": "0.1"}]).splitlines()[2:]
    said = '**never called <code class="literal">blocks.<wbr>0</code>**<br>So it is. |'
    assert plain == f"| ViT, timm 1.0 | {said}"
    assert given == f"| ViT, timm 1.0, with 0.1 | {said}"
