import type { Messages } from "./messages.ts";

/** Italian, in which no article may stand before a date, since it varies. */
export const italian: Messages = {
  errors: {
    invalid_json: "Non è stato possibile leggere la richiesta.",
    invalid_payload: "Nella richiesta manca qualcosa o qualcosa non è consentito.",
    invalid_token: "Accesso non effettuato. Accedi e riprova.",
    token_expired: "La sessione è scaduta. Accedi di nuovo e riprova.",
    forbidden: "Non disponi dell’autorizzazione necessaria.",
    origin_not_allowed: "Questo sito non può usare l’assistente.",
    not_found: "Questa conversazione o richiesta non esiste più.",
    method_not_allowed: "Qui non è possibile farlo.",
    payload_too_large: "Il messaggio è troppo lungo.",
    unsupported_media_type: "Il formato della richiesta non è corretto.",
    concurrent_request:
      "L’assistente sta ancora rispondendo al tuo ultimo messaggio. Attendi oppure interrompilo prima.",
    already_decided: "È già stata presa una decisione diversa.",
    approval_expired: "Il tempo per decidere è scaduto. Chiedilo di nuovo, se serve ancora.",
    approval_superseded: "Questa decisione non è più in attesa.",
    input_changed: "Ciò che verrebbe eseguito non è ciò che ti è stato mostrato, quindi non è stato eseguito nulla.",
    idempotency_mismatch: "Questo messaggio è già stato inviato con un altro testo.",
    limit_exceeded: "Il limite giornaliero è esaurito.",
    too_many_requests: "Un po’ troppo in fretta. Attendi un momento e riprova.",
    chatbot_disabled: "Al momento l’assistente non è disponibile qui.",
    draining: "L’assistente si sta riavviando. Riprova tra qualche secondo.",
    store_unavailable: "Al momento l’assistente non riesce ad accedere alla propria memoria. Riprova tra poco.",
    provider_unauthorized: "L’assistente non è configurato correttamente. Avvisa i responsabili di questo sito.",
    provider_billing: "L’account dell’assistente richiede attenzione. Avvisa i responsabili di questo sito.",
    provider_rate_limited: "L’assistente è molto richiesto. Riprova tra un minuto.",
    provider_overloaded: "Al momento l’assistente è sovraccarico. Riprova tra un minuto.",
    provider_unavailable: "La connessione all’assistente si è interrotta. Riprova.",
    provider_rejected: "L’assistente non è riuscito a elaborare questa conversazione. Iniziane una nuova.",
    context_too_long: "Questa conversazione è diventata troppo lunga. Iniziane una nuova.",
    stalled: "L’assistente ha smesso di rispondere. Riprova.",
    internal: "Qualcosa è andato storto da parte nostra. Riprova.",
  },
  startsAnew: (time) => ` Azzeramento: ${time} (UTC).`,
};
