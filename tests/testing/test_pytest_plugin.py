"""The fixtures in runs of pytest of their own, with anyio's plugin and with pytest-trio."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "test_with_fixtures.py"
PLUGIN = ("-p", "aioimapi.testing.pytest_plugin", "-p", "no:cacheprovider", "-W", "error")


def test_the_example_runs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_example=EXAMPLE.read_text())
    ended = pytester.runpytest_subprocess(*PLUGIN)
    ended.assert_outcomes(passed=3)


def test_the_fixtures_with_pytest_trio_and_on_both_loops_of_anyio(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_trio="""
        import pytest

        @pytest.mark.trio
        async def test_drive(virtual_drive):
            async with virtual_drive("cd-r", sectors=4096) as drive:
                assert (await drive.media_state()).free_sectors

        @pytest.mark.trio
        async def test_server(iscsi_server, virtual_disc):
            import trio
            async with iscsi_server(virtual_disc("bd-r"), virtual_disc("cd-r")) as server:
                stream = await trio.open_tcp_stream(server.host, server.port)
                await stream.aclose()

        @pytest.mark.trio
        async def test_empty(virtual_drive):
            async with virtual_drive(None) as drive:
                assert (await drive.readiness()).state.name == "NO_DISC"
        """,
        test_anyio="""
        import pytest
        from aioimapi.errors import MediumError

        @pytest.mark.anyio
        async def test_faults(virtual_drive, virtual_disc):
            async with virtual_drive("bd-r", faults=["3/0c/00@write:2"]) as drive:
                await drive.wait_ready()
                await drive.write_burst(0, bytes(65536))
                with pytest.raises(MediumError):
                    await drive.write_burst(32, bytes(65536))
            (path,) = virtual_disc.paths
            with open(path, "rb") as file:
                assert file.read(2048) == bytes(2048)
            medium = virtual_disc.medium(f"virtual:{path}")
            assert medium.state.tracks[0].next_lba == 32
            medium.close()
        """,
    )
    ended = pytester.runpytest_subprocess(*PLUGIN)
    ended.assert_outcomes(passed=5)


def test_a_drive_that_is_left_open_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_open="""
        import pytest
        from aioimapi.virtual import open_virtual_target
        kept = []

        def test_left(virtual_disc):
            kept.append(open_virtual_target(virtual_disc("bd-r", physics="on")))

        def test_foreign(virtual_disc):
            with pytest.raises(LookupError):
                virtual_disc.medium("virtual:elsewhere")
        """
    )
    ended = pytester.runpytest_subprocess(*PLUGIN)
    ended.assert_outcomes(passed=2, errors=1)
    ended.stdout.fnmatch_lines(["*the test left the drive with disc-1 open*"])
