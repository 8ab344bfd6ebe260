"""The HTTP API under ``/v1``: routers by audience, typed answers, RFC 9457 problems.

- ``app``: builds the application; ``recorded``: routes that say which access event they leave.
- ``auth``: from a token to the circumstances of a request; ``conditions``: its other headers.
- ``errors``: what a refusal is in HTTP; ``limits``: size, type and headers of every exchange.
- ``sign_in`` ``files`` ``clinicians`` ``notes`` ``front_desk`` ``compliance`` ``clients``
  ``integrations`` ``administrators`` ``health``: the routers.
"""
