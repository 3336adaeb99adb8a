"""Whatever keeps torch.compile from making machine code is said in one line, with the cure."""

from tools.environment import compiler


def test_a_compiler_and_header_files_that_are_not_there_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CXX", "g++-99")
    assert "install g++-99" in compiler.lacking()
    monkeypatch.setattr(compiler.sysconfig, "get_path", lambda _: str(tmp_path))
    assert "g++-99 and Python's header files" in compiler.lacking()
    assert "\n" not in compiler.lacking()


def test_a_path_with_a_space_is_named(monkeypatch):
    monkeypatch.setattr(compiler.sys, "prefix", "/with a space")
    assert "space" in compiler.lacking()
