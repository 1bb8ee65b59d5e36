"""The daemon's life: check everything, open, drop privileges, serve, reload, drain.

Start-up goes from what is cheap to check to what is hard to undo. The listening sockets are bound
before any capture is opened, so a second daemon on a taken port disturbs nothing. Streams are
opened while we may, but their threads start only after privileges are dropped: what a thread may do
is settled when it starts.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import resource
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pktvisor import __version__
from pktvisor.api.access import Access, is_loopback
from pktvisor.api.app import create_app, guarded
from pktvisor.api.server import ApiServer, bind, tls_context
from pktvisor.batches import Hosts
from pktvisor.commands.configuration import (
    TOKEN_VARIABLE,
    SettingError,
    check_settings,
    collector,
    load_plugins,
    located,
    read_settings,
)
from pktvisor.commands.daemon_settings import DaemonSettings
from pktvisor.commands.default_policy import with_default_policy
from pktvisor.commands.logs import start_logging
from pktvisor.commands.privileges import PrivilegeError, chosen_user, drop, unreadable
from pktvisor.commands.service import go_to_background, notify
from pktvisor.engine.agent import Agent
from pktvisor.engine.runner import Busy
from pktvisor.engine.settings import Limits, PolicySettings
from pktvisor.geo import GeoDatabase, Kind
from pktvisor.plugins import Plugins
from pktvisor.policies.document import Document, parse_document
from pktvisor.policies.errors import ConfigError, shown
from pktvisor.policies.trust import Trust
from pktvisor.policies.values import DEFAULT_POLICY

if TYPE_CHECKING:
    from pktvisor.commands.otlp_push import OtlpPush

__all__ = ["StartError", "run"]

STOP_SECONDS = 4.5
_DESCRIPTORS = 4096

_log = logging.getLogger("pktvisor.daemon")


class StartError(Exception):
    """The daemon cannot start: one line that says why."""

    def __init__(self, text: str, *, wrong_option: bool = False) -> None:
        super().__init__(_one_line(text))
        self.wrong_option = wrong_option


def run(iface: str | None, given: Mapping[str, Any]) -> None:
    """Run the daemon until it is told to stop. Raises StartError if it cannot start."""
    try:
        document = _config_file(given.get("config"))
        settings = _settings(document, given)
        if settings.module_list:
            _list_modules(load_plugins(settings))
            return
        Daemon(iface, settings, document).live()
    except SettingError as error:
        raise StartError(str(error), wrong_option=True) from None
    except PrivilegeError as error:
        raise StartError(str(error), wrong_option=bool(given.get("user"))) from None
    except (OSError, ValueError, LookupError) as error:
        raise StartError(str(error.args[0] if isinstance(error, LookupError) else error)) from None


class Daemon:
    """One run of `pktvisord`."""

    def __init__(
        self,
        iface: str | None,
        settings: DaemonSettings,
        document: Document,
    ) -> None:
        self._iface = iface
        self._settings = settings
        self._document = document
        self._agent: Agent | None = None
        self._server: ApiServer | None = None
        self._push: OtlpPush | None = None

    def live(self) -> None:
        """Start, serve, drain."""
        settings = self._settings
        if self._iface is None and not settings.admin_api and not self._document.policies:
            raise StartError(
                "nothing to do: name an interface, or give --config with policies, or --full-api"
            )
        token = _token(settings.token_file)
        tls = self._tls()
        user = chosen_user(settings.user)
        if settings.config is not None:
            self._config_path = Path(settings.config).absolute()
        start_logging(
            verbose=settings.verbose, log_file=_absolute(settings.log_file), syslog=settings.syslog
        )
        plugins = load_plugins(settings)  # while we may read all modules
        if settings.daemon:
            go_to_background()
        _raise_descriptor_limit()
        # A request changes threads several times, and each time waits for its turn behind a worker
        # that is busy with Python; the usual 5 ms tripled the time of an answer (test_api_load).
        sys.setswitchinterval(0.0005)
        access = self._access(token)
        sockets = bind(settings.host, settings.port)
        self._agent = agent = self._make_agent(plugins)
        try:
            # Made before privileges go: what it imports may be readable for root only.
            labels = {"instance": settings.prom_instance} if settings.prom_instance else {}
            self._push = _push(agent, settings)
            app = create_app(
                agent,
                writes=settings.admin_api,
                stop=self._stop,
                static_labels=labels,
                push=self._push,
            )
            self._give_up_privileges(user)
            agent.start()
            if self._push is not None:
                self._push.start()
            self._server = ApiServer(
                guarded(app, access),
                sockets,
                tls=tls,
                on_signal={
                    signal.SIGINT: self._stop,
                    signal.SIGTERM: self._stop,
                    signal.SIGHUP: self._reload,
                },
                on_ready=lambda: self._ready(sockets[0].getsockname()[1]),
            )
            self._server.serve_forever()
        finally:
            self._drain(agent)

    def _give_up_privileges(self, user: pwd.struct_passwd | None) -> None:
        settings = self._settings
        if user is not None:
            blocked = unreadable(user, [os.__file__, __file__, *filter(None, sys.path)])
            if blocked is not None and settings.user is not None:
                raise StartError(f"--user {user.pw_name}: this user cannot read {blocked}")
            if blocked is not None:
                _log.warning(
                    "still root: user %s cannot read %s; install where everyone may read,"
                    " or say --user root",
                    user.pw_name,
                    blocked,
                )
                user = None
        if user is not None or settings.drop_all:
            drop(user, keep_capture=not settings.drop_all)
            name = pwd.getpwuid(os.geteuid()).pw_name
            left = "no capabilities" if settings.drop_all else "CAP_NET_RAW only"
            _log.info("running as user %s with %s", name, left)

    def _tls(self) -> Any:
        settings = self._settings
        if not (settings.tls and settings.tls_cert and settings.tls_key):
            return None
        return tls_context(settings.tls_cert, settings.tls_key)

    def _access(self, token: str | None) -> Access:
        """What requests may do, with a warning for what is open wider than it should be."""
        settings = self._settings
        local = is_loopback(settings.host)
        if settings.admin_api and not local:
            if token is None:
                _log.warning("everyone who reaches %s may change taps and policies", settings.host)
            elif not settings.tls:
                _log.warning("the token travels unencrypted: use --tls, or listen on localhost")
        return Access.listening(
            [settings.host], settings.allow_host, writes=settings.admin_api, token=token
        )

    def _make_agent(self, plugins: Plugins) -> Agent:
        settings = self._settings
        agent = Agent(
            plugins,
            defaults=PolicySettings(settings.periods, settings.max_deep_sample),
            city=_database(settings.geo_city or settings.default_geo_city, "city", settings),
            asn=_database(settings.geo_asn or settings.default_geo_asn, "asn", settings),
            trust=Trust(settings.allow_path, settings.allow_bind),
            limits=Limits(
                errors=settings.handler_errors, errors_within_s=settings.handler_errors_seconds
            ),
            hosts=Hosts.parse(settings.host_spec) if settings.host_spec else None,
            held=True,
        )
        try:
            agent.load(self._wanted(self._document, plugins), source=settings.config or "")
        except ConfigError as error:
            raise self._said_of_options(error) from None
        return agent

    def _wanted(self, document: Document, plugins: Plugins) -> Document:
        """The config file, with the tap and policy for IFACE added."""
        if self._iface is None:
            return document
        try:
            return with_default_policy(document, self._iface, self._settings.bpf, plugins)
        except ConfigError as error:
            raise StartError(located(error, str(self._settings.config), document)) from None

    def _said_of_options(self, error: ConfigError) -> Exception:
        """The same error, in words of the command line where it is about IFACE or its filter."""
        if self._iface is None or error.path[1:3] != ("policies", DEFAULT_POLICY):
            return error
        reason = error.reason or error.message
        if error.path[-1] == "bpf":
            bpf = shown(self._settings.bpf)
            reason = (reason.partition("bpf: ")[2] or reason).removeprefix(f"filter {bpf}: ")
            return StartError(f"-b {bpf}: {reason}", wrong_option=True)
        return StartError(f"IFACE {self._iface}: {reason.removeprefix('iface: ')}")

    def _ready(self, port: int) -> None:
        assert self._agent is not None
        host = self._settings.host
        address = f"[{host}]" if ":" in host else host
        for name in self._agent.policy_names():
            _log.info("policy %s runs", name)
        scheme = "https" if self._settings.tls else "http"
        access = "read and change" if self._settings.admin_api else "read-only"
        _log.info("pktvisor %s, %s, API %s", __version__, scheme, access)
        _log.info("web server listening on %s:%s", address, port)
        notify("READY=1", f"STATUS=listening on {address}:{port}")

    def _stop(self) -> None:
        if self._server is not None and not self._server.should_exit:
            _log.info("stopping")
            notify("STOPPING=1")
            _watchdog()
            self._server.stop()

    def _reload(self) -> None:
        if self._settings.config is None:
            _log.info("SIGHUP: there is no config file to read again")
            return
        asyncio.get_running_loop().run_in_executor(None, self._read_again)

    def _read_again(self) -> None:
        assert self._agent is not None
        path = str(self._settings.config)
        try:
            read = _read_file(self._config_path, path)
            self._agent.replace(self._wanted(read, self._agent.plugins), source=path)
        except (StartError, OSError, ValueError, LookupError, Busy) as error:
            _log.error("%s", _one_line(f"the running configuration stays: {error}"))
        else:
            _log.info("read %s again", path)

    def _drain(self, agent: Agent) -> None:
        """Count what was read, close the last period, and say what it was."""
        if self._push is not None:
            self._push.stop()
        agent.stop()
        for stream in agent.streams():
            _log.info(
                "tap %s: %d packets processed, %d dropped by the kernel, %d in the queue",
                stream.tap,
                stream.processed,
                stream.kernel_drops,
                stream.queue_drops,
            )
        agent.close()
        _log.info("stopped")


def _config_file(path: str | None) -> Document:
    return Document() if path is None else _read_file(Path(path), path)


def _read_file(path: Path, named: str) -> Document:
    try:
        return parse_document(path.read_bytes())
    except OSError as error:
        raise StartError(f"{named}: {error.strerror}") from None
    except ConfigError as error:
        raise StartError(located(error, named)) from None


def _settings(document: Document, given: Mapping[str, Any]) -> DaemonSettings:
    """The settings of the config file and the command line."""
    try:
        settings = read_settings(document.options, given)
        if not settings.module_list:
            check_settings(settings, document.options, given)
    except ConfigError as error:
        raise StartError(located(error, str(given.get("config")), document)) from None
    return settings


def _token(path: str | None) -> str | None:
    if path is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        token = Path(path).read_text(encoding="ascii").strip()
    except OSError as error:
        raise StartError(f"--token-file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable() or " " in token:
        raise StartError(f"--token-file {path}: needed is one word of printable ASCII")
    return token


def _database(path: str | None, kind: Kind, settings: DaemonSettings) -> GeoDatabase | None:
    if path is None:
        return None
    return GeoDatabase.open(path, kind, cache_size=settings.geo_cache_size)


def _push(agent: Agent, settings: DaemonSettings) -> OtlpPush | None:
    target = collector(settings)
    if target is None:
        return None
    from pktvisor.commands.otlp_push import OtlpPush

    return OtlpPush(agent, target)


def _list_modules(plugins: Plugins) -> None:
    import click

    for kind, specs in (
        ("input", plugins.inputs),
        ("handler", plugins.handlers),
        ("sink", plugins.sinks),
    ):
        for name, version in sorted(specs):
            click.echo(f"{kind}: {name} version {version}")


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())


def _raise_descriptor_limit() -> None:
    """Room for connections and captures: the usual soft limit of 1,024 is for select(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _watchdog() -> None:
    """Leave even if a thread does not."""

    def leave() -> None:
        _log.error("something did not stop within %s s; leaving it behind", STOP_SECONDS)
        logging.shutdown()
        os._exit(1)

    timer = threading.Timer(STOP_SECONDS, leave)
    timer.daemon = True
    timer.start()


def _one_line(text: str) -> str:
    return " ".join(text.split())
