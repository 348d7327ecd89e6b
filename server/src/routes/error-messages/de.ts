import type { Messages } from "./messages.ts";

/** German. */
export const german: Messages = {
  errors: {
    invalid_json: "Die Anfrage konnte nicht gelesen werden.",
    invalid_payload: "In der Anfrage fehlt etwas, oder etwas ist nicht erlaubt.",
    invalid_token: "Sie sind nicht angemeldet. Bitte melden Sie sich an und versuchen Sie es noch einmal.",
    token_expired: "Ihre Anmeldung ist abgelaufen. Bitte melden Sie sich erneut an und versuchen Sie es noch einmal.",
    forbidden: "Dazu sind Sie nicht berechtigt.",
    origin_not_allowed: "Diese Website darf den Assistenten nicht verwenden.",
    not_found: "Diese Unterhaltung oder Anfrage gibt es nicht mehr.",
    method_not_allowed: "Das ist hier nicht möglich.",
    payload_too_large: "Die Nachricht ist zu lang.",
    unsupported_media_type: "Die Anfrage hat das falsche Format.",
    concurrent_request:
      "Der Assistent beantwortet noch Ihre letzte Nachricht. Bitte warten Sie, oder halten Sie ihn zuerst an.",
    already_decided: "Darüber wurde bereits anders entschieden.",
    approval_expired:
      "Die Zeit für diese Entscheidung ist abgelaufen. Bitten Sie noch einmal darum, wenn Sie es weiterhin möchten.",
    approval_superseded: "Hierüber muss nicht mehr entschieden werden.",
    input_changed: "Was ausgeführt würde, ist nicht das, was Ihnen gezeigt wurde. Deshalb wurde nichts ausgeführt.",
    idempotency_mismatch: "Diese Nachricht wurde bereits mit einem anderen Text gesendet.",
    limit_exceeded: "Das Tageslimit ist aufgebraucht.",
    too_many_requests: "Das ging etwas zu schnell. Bitte warten Sie einen Moment und versuchen Sie es noch einmal.",
    chatbot_disabled: "Der Assistent ist hier derzeit nicht verfügbar.",
    draining: "Der Assistent wird neu gestartet. Versuchen Sie es in wenigen Sekunden noch einmal.",
    store_unavailable:
      "Der Assistent kann derzeit nicht auf seinen Speicher zugreifen. Versuchen Sie es bald noch einmal.",
    provider_unauthorized:
      "Der Assistent ist nicht richtig eingerichtet. Bitte informieren Sie die Betreiber dieser Website.",
    provider_billing:
      "Das Konto des Assistenten muss geprüft werden. Bitte informieren Sie die Betreiber dieser Website.",
    provider_rate_limited: "Der Assistent ist sehr gefragt. Versuchen Sie es in einer Minute noch einmal.",
    provider_overloaded: "Der Assistent ist derzeit überlastet. Versuchen Sie es in einer Minute noch einmal.",
    provider_unavailable: "Die Verbindung zum Assistenten ist abgebrochen. Versuchen Sie es noch einmal.",
    provider_rejected: "Der Assistent konnte diese Unterhaltung nicht verarbeiten. Bitte beginnen Sie eine neue.",
    context_too_long: "Diese Unterhaltung ist zu lang geworden. Bitte beginnen Sie eine neue.",
    stalled: "Der Assistent antwortet nicht mehr. Versuchen Sie es noch einmal.",
    internal: "Bei uns ist etwas schiefgegangen. Versuchen Sie es noch einmal.",
  },
  startsAnew: (time) => ` Es wird am ${time} (UTC) zurückgesetzt.`,
};
