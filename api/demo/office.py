"""What the office does: staff, programs, clients' files, consents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from api.demo.cast import CLIENTS, STAFF
from api.demo.stage import Stage, command_of
from domain import consent as consent_file
from domain.consent import Consents
from domain.events.client import Authority, ClientContactChanged, ClientRepresentativeAdded
from domain.events.consent import (
    ConsentEvent,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    Form,
    Scope,
)
from domain.use_cases import administrator, consents, registration
from domain.use_cases.administrator import NewPractitioner
from domain.use_cases.registration import Registration as NewClient
from domain.values import ActorKind, ItemId, Receipt, Role


class Office(Stage):
    """The stage with everything around the therapies."""

    async def found(self, key: str) -> None:
        """The clinic's founding act: its first administrator."""
        act = administrator.found_practitioner(self.desk, self.clinic.system(), STAFF[key])
        self._joined(key, STAFF[key], await self._did("staff", act))

    async def hire(self, by: str, key: str) -> None:
        """Somebody joins the clinic."""
        new = STAFF[key]
        act = administrator.register_practitioner(
            self.desk, self.who(by), new, command=command_of("hire", key)
        )
        self._joined(key, new, await self._did("staff", act))

    def _joined(self, key: str, new: NewPractitioner, receipt: Receipt) -> None:
        name = f"{new.given_name} {new.family_name}"
        self._enter(key, name, receipt.named("practitioner"), ActorKind.STAFF, new.roles[0])

    async def depart(self, by: str, key: str) -> None:
        """Somebody leaves the clinic."""
        practitioner = self.practitioner(key)
        _, version = self.desk.practitioner(practitioner)
        act = administrator.depart(
            self.desk,
            self.who(by),
            practitioner,
            expected=version,
            command=command_of("depart", key),
        )
        await self._did("staff", act)

    async def change_roles(self, by: str, key: str, *roles: Role) -> None:
        """Somebody gets other roles."""
        practitioner = self.practitioner(key)
        _, version = self.desk.practitioner(practitioner)
        act = administrator.change_roles(
            self.desk,
            self.who(by),
            practitioner,
            roles,
            expected=version,
            command=command_of("roles", key, *roles),
        )
        await self._did("staff", act)

    async def connect(self, by: str, key: str, title: str, *scopes: str) -> None:
        """A program may read what its scopes name."""
        act = administrator.register_integration(
            self.desk, self.who(by), title, scopes, command=command_of("connect", key)
        )
        receipt = await self._did("integration", act)
        integration = receipt.named("integration")
        self._enter(key, title, integration, ActorKind.INTEGRATION, Role.INTEGRATION)

    async def disconnect(self, by: str, key: str) -> None:
        """A program may read nothing any more."""
        integration = self.people[key].id
        act = administrator.withdraw_integration(
            self.desk,
            self.who(by),
            integration,
            expected=1,
            command=command_of("disconnect", key),
        )
        await self._did("integration", act)

    async def register(self, by: str, key: str, new: NewClient | None = None) -> None:
        """Open a client's file."""
        known = new or CLIENTS[key]
        act = registration.register_client(
            self.desk, self.who(by), known, command=command_of("register", key)
        )
        receipt = await self._did("client", act)
        name = f"{known.identity.given_name} {known.identity.family_name}"
        self._enter(key, name, receipt.named("client"), ActorKind.CLIENT, Role.CLIENT)

    async def change_contact(self, by: str, key: str, contact: ClientContactChanged) -> None:
        """Record how to reach a client."""
        what = f"contact {contact!r}"
        await self._client(what, registration.change_contact, by, key, contact)

    async def represent(self, by: str, client: str, given_name: str, family_name: str) -> ItemId:
        """Record who speaks for a client by law."""
        added = ClientRepresentativeAdded(
            representative=ItemId(self.desk.identifiers.new()),
            authority=Authority.STATUTORY_REPRESENTATIVE,
            given_name=given_name,
            family_name=family_name,
        )
        await self._client("represent", registration.add_representative, by, client, added)
        return added.representative

    async def represent_no_more(self, by: str, client: str, representative: ItemId) -> None:
        """Record that somebody speaks for a client no longer."""
        end = registration.end_representative
        await self._client("represent no more", end, by, client, representative)

    async def _client(
        self,
        what: str,
        change: Callable[..., Awaitable[Receipt]],
        by: str,
        client: str,
        said: object,
    ) -> None:
        _, version = self.desk.client(self.client(client))
        act = change(
            self.desk,
            self.who(by),
            self.client(client),
            said,
            expected=version,
            command=command_of(what, client),
        )
        await self._did("client", act)

    # Consents

    async def consent(
        self, by: str, client: str, scope: Scope, purpose: str, *, form: Form = Form.WRITTEN
    ) -> None:
        """Record that a client allowed something."""
        item = ItemId(self.desk.identifiers.new())
        given = ConsentGiven(
            consent=item, client=self.client(client), scope=scope, purpose=purpose, form=form
        )
        await self._consent(by, client, item, lambda known: consent_file.give(known, given))
        self.consents[f"{client} {scope}"] = (self.client(client), item)

    async def refuse_consent(
        self, by: str, client: str, scope: Scope, purpose: str, *, form: Form = Form.ORAL
    ) -> None:
        """Record that a client was asked and said no."""
        item = ItemId(self.desk.identifiers.new())
        refused = ConsentRefused(
            consent=item, client=self.client(client), scope=scope, purpose=purpose, form=form
        )
        await self._consent(by, client, item, lambda known: consent_file.refuse(known, refused))

    async def withdraw_consent(self, by: str, client: str, scope: Scope) -> None:
        """Record that a client took a consent back."""
        client_id, item = self.consents[f"{client} {scope}"]
        withdrawn = ConsentWithdrawn(consent=item, client=client_id, form=Form.ORAL)
        await self._consent(by, client, item, lambda known: consent_file.withdraw(known, withdrawn))

    async def _consent(
        self,
        by: str,
        client: str,
        item: ItemId,
        decide: Callable[[Consents], tuple[ConsentEvent, ...]],
    ) -> None:
        act = consents.record_consent(
            self.desk,
            self.who(by),
            self.client(client),
            decide,
            item,
            command=command_of("consent", item, str(self.done["consent"])),
        )
        await self._did("consent", act)
