"""The HTTP API under ``/v1``: routers by audience, typed answers, RFC 9457 problems.

- ``app``: builds the application; ``recorded``: routes that say which access event they leave.
- ``auth``: from a token to the circumstances of a request; ``conditions``: its other headers.
- ``errors``: what a refusal is in HTTP; ``limits``: size, type and headers of every exchange.
- ``sign_in`` ``files`` ``clinicians`` ``notes`` ``joint`` ``front_desk`` ``finding`` ``compliance``
  ``erasures`` ``misfiled`` ``holds`` ``clients`` ``integrations`` ``administrators`` ``log``
  ``health``: the routers.
- ``witness``: an application of its own, for whoever is a witness of another's log.
- ``naming``: aliases become names as a text is shown; ``gone``: why a record has no row.
- ``schemas/``: what is asked and answered, by audience.
"""
