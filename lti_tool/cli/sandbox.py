"""`alongside sandbox`: the sandbox LMS alone."""

from pathlib import Path

import click

from lti_tool.config import read_settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--profile", type=click.Choice(["moodle", "canvas"]), default="moodle", show_default=True)
@click.option(
    "--issuer", default="", help="Another issuer than the profile's own; for Canvas, its own address."
)
@click.option("--tool", help="The tool's address.  [default: ALONGSIDE_PUBLIC_URL]")
@click.option(
    "--client-id", default="", help="The client id of the registration; made and kept when left out."
)
@click.option("--deployment-id", default="", help="Its deployment id; the profile's own when left out.")
@click.option(
    "--lrs", default="", help="An LRS to show beside the course, such as http://127.0.0.1:8002/xAPI."
)
@click.option("--lrs-username", default="", envvar="SANDBOX_LRS_USERNAME")
@click.option("--lrs-password", default="", envvar="SANDBOX_LRS_PASSWORD")
@click.option("--state-file", type=click.Path(path_type=Path), help="Keeps its keys between two starts.")
def sandbox(
    host: str,
    port: int,
    profile: str,
    issuer: str,
    tool: str | None,
    client_id: str,
    deployment_id: str,
    lrs: str,
    lrs_username: str,
    lrs_password: str,
    state_file: Path | None,
) -> None:
    """Run a small, strict LTI 1.3 platform to try the tool with.

    Its pages are reached under 127.0.0.1 and the tool under localhost: different sites, as in life.
    """
    from lti_tool.sandbox import Sandbox, SandboxConfig, serve

    tool = (tool or read_settings().public_url).rstrip("/")

    def tell(running: Sandbox) -> None:
        registration = running.registration
        base = running.config.base
        click.echo(f"The sandbox LMS is at {base}")
        click.echo("To register it with the tool:")
        click.echo(
            f"  alongside platform add --name Sandbox --issuer {running.profile.issuer}"
            f" --client-id {registration.client_id} --deployment-id {registration.deployment_id}"
            f" --auth-login-url {base}/auth --auth-token-url {running.grants.token_url} --jwks-url {base}/jwks"
        )

    serve(
        SandboxConfig(
            public_url=f"http://{host}:{port}",
            tool_login_url=f"{tool}/lti/login",
            tool_launch_urls=(f"{tool}/lti/launch",),
            tool_jwks_url=f"{tool}/lti/jwks.json",
            profile=profile,  # type: ignore[arg-type]
            issuer=issuer,
            client_id=client_id,
            deployment_id=deployment_id,
            lrs_endpoint=lrs,
            lrs_username=lrs_username,
            lrs_password=lrs_password,
            state_file=state_file,
        ),
        host,
        port,
        ready=tell,
    )
