"""pyacoustid, beets and Picard with refrain in the place of fpcalc. Run by `tests/interop/run`."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "fixtures"
SONG = FIXTURES / "audio/songs/quiet-engines.wav"
OTHER = FIXTURES / "audio/songs/second-orbit.flac"
REFERENCE = json.loads((FIXTURES / "fpcalc.json").read_text())["files"]
TRACK = "a3a4ee9d-0ddd-4a5d-bb42-2f7a4a6e5a9c"
RECORDING = "8c2b0d3c-4a57-4b41-9a3c-6f3b8d1f0e11"


def reference(path: pathlib.Path) -> dict:
    """What fpcalc gives for a fixture."""
    return REFERENCE[str(path.relative_to(FIXTURES))]


class Services(http.server.BaseHTTPRequestHandler):
    """Stands in for AcoustID and MusicBrainz, which know one recording: the song whose fingerprint is fpcalc's."""

    asked: list[tuple[str, dict]] = []

    def answer(self, query: str):
        url = urllib.parse.urlsplit(self.path)
        values = {name: value[0] for name, value in urllib.parse.parse_qs(query or url.query).items()}
        self.asked.append((url.path, values))
        if url.path == "/v2/lookup":
            known = values.get("fingerprint") == reference(SONG)["packed"]
            match = {"id": TRACK, "score": 0.98, "recordings": [{"id": RECORDING, "title": "Quiet Engines"}]}
            document = {"status": "ok", "results": [match] if known else []}
        elif url.path == "/v2/submit":
            document = {"status": "ok", "submissions": [{"id": 1, "status": "pending"}]}
        elif url.path == f"/ws/2/recording/{RECORDING}":
            artist = {"id": TRACK, "name": "The Engineers", "sort-name": "Engineers, The", "disambiguation": ""}
            artist |= {"country": None, "type": "Group", "type-id": None, "aliases": []}
            document = {"id": RECORDING, "title": "Quiet Engines", "disambiguation": "", "video": False}
            document["length"] = int(reference(SONG)["duration"] * 1000)
            document["artist-credit"] = [{"name": artist["name"], "joinphrase": "", "artist": artist}]
        elif url.path == "/ws/2/recording":
            document = {"recordings": [], "count": 0, "offset": 0}
        else:
            self.send_error(404)
            return
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer("")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        self.answer(body.decode())

    def log_message(self, *_):
        pass


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.place = pathlib.Path(cls.folder.name)
        cls.fpcalc = cls.place / "fpcalc"
        cls.fpcalc.symlink_to(pathlib.Path(os.environ["REFRAIN"]).resolve())
        os.environ["FPCALC"] = str(cls.fpcalc)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.host = f"127.0.0.1:{cls.server.server_port}"

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
        cls.folder.cleanup()

    def setUp(self):
        Services.asked.clear()

    # pyacoustid

    def test_pyacoustid_fingerprints_a_file(self):
        import acoustid

        for path in [SONG, OTHER]:
            duration, fingerprint = acoustid.fingerprint_file(str(path), force_fpcalc=True)
            self.assertEqual(fingerprint.decode(), reference(path)["packed"])
            self.assertEqual(duration, int(reference(path)["duration"]))

    def test_pyacoustid_gives_a_length(self):
        import acoustid

        _, short = acoustid.fingerprint_file(str(SONG), maxlength=10, force_fpcalc=True)
        _, whole = acoustid.fingerprint_file(str(SONG), force_fpcalc=True)
        self.assertLess(len(short), len(whole))

    def test_pyacoustid_tells_of_a_bad_file(self):
        import acoustid

        bad = self.place / "bad.mp3"
        bad.write_text("not audio")
        with self.assertRaisesRegex(acoustid.FingerprintGenerationError, "status 2"):
            acoustid.fingerprint_file(str(bad), force_fpcalc=True)

    def test_pyacoustid_looks_a_file_up(self):
        import acoustid

        with mock.patch.object(acoustid, "API_BASE_URL", f"http://{self.host}/v2/"):
            matches = list(acoustid.match("key", str(SONG), force_fpcalc=True))
            self.assertEqual([match[1] for match in matches], [RECORDING])
            self.assertEqual(list(acoustid.match("key", str(OTHER), force_fpcalc=True)), [])

    # beets

    def beet(self, folder: pathlib.Path, *args: str, options: str = "") -> str:
        """Runs beets with a library of its own in a folder."""
        (folder / "config.yaml").write_text(
            f"directory: {folder}/music\nlibrary: {folder}/library.db\nplugins: chroma musicbrainz\n"
            f"musicbrainz:\n  host: {self.host}\n  https: no\n  ratelimit: 100\n"
            "acoustid:\n  apikey: someone\nimport:\n  copy: yes\n  write: yes\n"
            f"  quiet_fallback: skip\nthreaded: no\n{options}"
        )
        environment = {**os.environ, "BEETSDIR": str(folder), "HOME": str(folder)}
        environment["ACOUSTID"] = f"http://{self.host}/v2/"
        command = [sys.executable, str(HERE / "beet.py"), *args]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def inbox(self, name: str, *songs: pathlib.Path) -> tuple[pathlib.Path, str]:
        folder = self.place / name
        (folder / "inbox").mkdir(parents=True)
        for song in songs:
            shutil.copy(song, folder / "inbox")
        return folder, str(folder / "inbox")

    def test_beets_fingerprints_its_library(self):
        folder, inbox = self.inbox("fingerprint", SONG, OTHER)
        self.beet(folder, "import", "-q", "-A", inbox, options="chroma:\n  auto: no\n")
        self.assertEqual(self.beet(folder, "ls", "-f", "$acoustid_fingerprint").strip(), "")
        self.beet(folder, "fingerprint")
        told = self.beet(folder, "ls", "-f", "$acoustid_fingerprint").split()
        self.assertEqual(set(told), {reference(SONG)["packed"], reference(OTHER)["packed"]})

    def test_the_plugin_of_the_manual_makes_beets_use_fpcalc(self):
        """A stand-in for libchromaprint fails whenever it is used."""
        folder, inbox = self.inbox("plugin", SONG)
        recipe = (HERE.parents[1] / "docs/recipes.md").read_text()
        plugin, options = (recipe.split(f"```{kind}\n")[1].split("```")[0] for kind in ("python", "yaml"))
        plugins = folder / ".config/beets/plugins"
        plugins.mkdir(parents=True)
        (plugins / "usefpcalc.py").write_text(plugin)
        (folder / "modules").mkdir()
        (folder / "modules/chromaprint.py").write_text("class FingerprintError(Exception):\n    pass\n")
        environment = {**os.environ, "HOME": str(folder), "PYTHONPATH": str(folder / "modules")}
        for name in ("BEETSDIR", "XDG_CONFIG_HOME"):
            environment.pop(name, None)

        def told(options: str, *args: str) -> str:
            config = f"directory: {folder}/music\nlibrary: {folder}/library.db\nchroma:\n  auto: no\n{options}"
            (folder / ".config/beets/config.yaml").write_text(config)
            command = [sys.executable, "-c", "from beets.ui import main; main()", *args]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            return done.stdout + done.stderr

        told(options, "import", "-q", "-A", inbox)
        self.assertIn("usefpcalc", told(options, "version"))
        told("plugins: chroma\n", "fingerprint")
        self.assertEqual(told(options, "ls", "-f", "$acoustid_fingerprint").strip(), "", "the stand-in is not used")
        told(options, "fingerprint")
        self.assertEqual(told(options, "ls", "-f", "$acoustid_fingerprint").strip(), reference(SONG)["packed"])
        self.assertIn("fingerprint exists, skipping", told(options, "fingerprint"))

    def test_beets_imports_by_the_fingerprint(self):
        folder, inbox = self.inbox("import", SONG)
        # The file has no tags to agree with, so that the recording alone must do.
        self.beet(folder, "import", "-q", "-s", inbox, options="match:\n  strong_rec_thresh: 0.9\n")
        fields = "$artist|$title|$mb_trackid|$acoustid_id|$acoustid_fingerprint"
        told = self.beet(folder, "ls", "-f", fields).strip()
        expected = ["The Engineers", "Quiet Engines", RECORDING, TRACK, reference(SONG)["packed"]]
        self.assertEqual(told.split("|"), expected)
        asked = [values for path, values in Services.asked if path == "/v2/lookup"]
        self.assertEqual(len(asked), 1)
        self.assertEqual(float(asked[0]["duration"]), int(reference(SONG)["duration"]))

    def test_beets_submits_fingerprints(self):
        folder, inbox = self.inbox("submit", SONG)
        self.beet(folder, "import", "-q", "-A", inbox, options="chroma:\n  auto: no\n")
        self.beet(folder, "submit")
        sent = [values for path, values in Services.asked if path == "/v2/submit"]
        self.assertEqual(len(sent), 1)
        self.assertEqual(sent[0]["fingerprint.0"], reference(SONG)["packed"])

    # Picard

    def picard(self, path: pathlib.Path):
        """Lets Picard's AcoustID client fingerprint a file and look it up.

        Gives what it would ask AcoustID, and the fingerprint that it keeps for submitting.
        """
        from PyQt6 import QtCore

        import picard.acoustid

        application = QtCore.QCoreApplication.instance() or QtCore.QCoreApplication([])
        asked = []

        class Api:
            webservice = None

            def query_acoustid(self, _handler, **values):
                asked.append(values)
                application.quit()

        file = mock.MagicMock(filename=str(path), acoustid_fingerprint=None)
        file.clear_pending.side_effect = application.quit
        setting = {"acoustid_fpcalc": str(self.fpcalc), "fpcalc_threads": 2}
        setting["ignore_existing_acoustid_fingerprints"] = True
        with (
            mock.patch.object(picard.acoustid, "tagger_instance"),
            mock.patch.object(picard.acoustid, "get_config", return_value=mock.Mock(setting=setting)),
        ):
            client = picard.acoustid.AcoustIDClient(Api())
            QtCore.QTimer.singleShot(60_000, application.quit)
            client.analyze(file, mock.Mock())
            application.exec()
        return asked, file.set_acoustid_fingerprint.call_args

    def test_picard_fingerprints_a_file(self):
        asked, kept = self.picard(SONG)
        self.assertEqual(len(asked), 1)
        self.assertEqual(asked[0]["fingerprint"], reference(SONG)["packed"])
        self.assertEqual(asked[0]["duration"], str(int(reference(SONG)["duration"])))
        self.assertEqual(kept.args, (reference(SONG)["packed"], int(reference(SONG)["duration"])))

    def test_picard_keeps_no_fingerprint_of_a_damaged_file(self):
        content = bytearray((FIXTURES / "audio/songs/paper-lanterns.mp3").read_bytes())
        middle = len(content) // 2
        content[middle : middle + 400] = b"\x55" * 400
        damaged = self.place / "damaged.mp3"
        damaged.write_bytes(content)
        asked, kept = self.picard(damaged)
        self.assertEqual(len(asked), 1)
        self.assertIsNone(kept)

    def test_picard_goes_on_after_a_bad_file(self):
        bad = self.place / "worse.mp3"
        bad.write_text("not audio")
        self.assertEqual(self.picard(bad), ([], None))

    def test_picard_takes_it_for_fpcalc(self):
        # What the options page asks, and what the answer must begin with.
        told = subprocess.run([str(self.fpcalc), "-v"], capture_output=True, text=True, check=True).stdout
        self.assertTrue(told.startswith("fpcalc version"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
