"""A desk of three small processes under the real supervisor: a web process, one with a child of its own, one that keeps dying."""

import sys

from tradingdesk.local import programs, supervisor

WEB = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
PARENT = "import subprocess; subprocess.Popen(['sleep', '600']); print('parent is up', flush=True); import time; time.sleep(600)"
DYING = "print('dying', flush=True); raise SystemExit(3)"


def tiny(port: int) -> tuple[programs.Program, ...]:
    """Its processes."""
    scripts = {"web": WEB, "parent": PARENT, "dying": DYING}
    return tuple(programs.Program(name, (sys.executable, "-c", script, str(port))) for name, script in scripts.items())


if __name__ == "__main__":
    programs.preparations = lambda: ()
    programs.desk_programs = tiny
    sys.exit(supervisor.main())
