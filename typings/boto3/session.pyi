from typing import Any

from botocore.config import Config

class Session:
    def __init__(
        self,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        region_name: str | None = None,
    ) -> None: ...
    def client(
        self, service_name: str, *, endpoint_url: str | None = None, config: Config | None = None
    ) -> Any: ...
