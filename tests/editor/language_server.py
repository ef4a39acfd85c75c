"""The YAML language server as an editor runs it: a process, JSON-RPC over its standard streams."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SERVER = Path(__file__).parent / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
_SETTINGS = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}}


class Editor:
    """One window: what is typed goes to the server, and what it says of it comes back."""

    def __init__(self, send: IO[bytes], receive: IO[bytes]) -> None:
        self._send = send
        self._receive = receive
        self._asked = 0
        self._opened = 0

    def ask(self, method: str, params: Any) -> Any:
        """The result of a request. What the server asks meanwhile is answered."""
        self._asked += 1
        self._put({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._get()
            if message.get("id") == self._asked and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def tell(self, method: str, params: Any) -> None:
        self._put({"method": method, "params": params})

    def open(self, text: str, file: Path) -> Opened:
        """The text in a new tab. § in it is where the cursor stands."""
        before, cursor, after = text.partition("§")
        self._opened += 1
        uri = file.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": self._opened, "text": before + after}
        self.tell("textDocument/didOpen", {"textDocument": document})
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1} if cursor else {}
        return Opened(self, uri, place)

    def told(self, method: str) -> Any:
        """The next notification of this kind."""
        while True:
            message = self._get()
            if message.get("method") == method:
                return message["params"]

    def _get(self) -> dict[str, Any]:
        length = 0
        while line := self._receive.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server ended"
        message: dict[str, Any] = json.loads(self._receive.read(length))
        if "id" in message and "method" in message:
            self._put({"id": message["id"], "result": self._answer(message)})
        return message

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] == "workspace/configuration":
            return [_SETTINGS.get(item.get("section", "")) for item in message["params"]["items"]]
        return None

    def _put(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._send.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._send.flush()


class Opened:
    """A tab with a cursor."""

    def __init__(self, editor: Editor, uri: str, place: dict[str, int]) -> None:
        self._editor = editor
        self._uri = uri
        self._at = {"textDocument": {"uri": uri}, "position": place}

    def mistakes(self) -> list[str]:
        """What is underlined."""
        while (told := self._editor.told("textDocument/publishDiagnostics"))["uri"] != self._uri:
            pass
        return [f"{entry['range']['start']['line'] + 1}: {entry['message']}" for entry in told["diagnostics"]]

    def completions(self) -> dict[str, dict[str, Any]]:
        """What is offered at the cursor, by label."""
        found = self._editor.ask("textDocument/completion", self._at)
        return {item["label"]: item for item in (found["items"] if isinstance(found, dict) else found)}

    def hover(self) -> str:
        """What is shown at the cursor."""
        found = self._editor.ask("textDocument/hover", self._at)
        return "" if found is None else str(found["contents"]["value"])


@contextmanager
def editor(node: str, *arguments: str) -> Iterator[Editor]:
    """An editor in which nothing is open yet."""
    command: Sequence[str] = [node, str(SERVER), "--stdio", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        window = Editor(process.stdin, process.stdout)
        markdown = {"contentFormat": ["markdown", "plaintext"]}
        capabilities = {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}, "hover": markdown},
            "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
        }
        window.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        window.tell("initialized", {})
        window.tell("workspace/didChangeConfiguration", {"settings": _SETTINGS})
        yield window
    finally:
        process.kill()
        process.wait()
