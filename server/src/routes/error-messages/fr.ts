import type { Messages } from "./messages.ts";

/** French. */
export const french: Messages = {
  errors: {
    invalid_json: "La demande n’a pas pu être lue.",
    invalid_payload: "Un élément de la demande manque ou n’est pas autorisé.",
    invalid_token: "Vous n’êtes pas connecté. Reconnectez-vous et réessayez.",
    token_expired: "Votre session a expiré. Reconnectez-vous et réessayez.",
    forbidden: "Vous n’avez pas l’autorisation de faire cela.",
    origin_not_allowed: "Ce site ne peut pas utiliser l’assistant.",
    not_found: "Cette conversation ou cette demande n’existe plus.",
    method_not_allowed: "Cela n’est pas possible ici.",
    payload_too_large: "Le message est trop long.",
    unsupported_media_type: "La demande n’est pas au bon format.",
    concurrent_request: "L’assistant répond encore à votre dernier message. Attendez ou arrêtez-le d’abord.",
    already_decided: "Une autre décision a déjà été prise.",
    approval_expired: "Le délai pour décider est écoulé. Redemandez si vous le souhaitez toujours.",
    approval_superseded: "Aucune décision n’est plus attendue ici.",
    input_changed: "Ce qui serait exécuté n’est pas ce qui vous a été montré\u00A0: rien n’a été exécuté.",
    idempotency_mismatch: "Ce message a déjà été envoyé avec un autre texte.",
    limit_exceeded: "La limite quotidienne est atteinte.",
    too_many_requests: "C’était un peu rapide. Patientez un instant, puis réessayez.",
    chatbot_disabled: "L’assistant n’est pas disponible ici pour le moment.",
    draining: "L’assistant redémarre. Réessayez dans quelques secondes.",
    store_unavailable: "L’assistant ne peut pas accéder à sa mémoire pour le moment. Réessayez bientôt.",
    provider_unauthorized:
      "L’assistant n’est pas configuré correctement. Veuillez prévenir les responsables de ce site.",
    provider_billing:
      "Le compte de l’assistant demande une intervention. Veuillez prévenir les responsables de ce site.",
    provider_rate_limited: "L’assistant est très sollicité. Réessayez dans une minute.",
    provider_overloaded: "L’assistant est surchargé pour le moment. Réessayez dans une minute.",
    provider_unavailable: "La connexion à l’assistant a été interrompue. Réessayez.",
    provider_rejected: "L’assistant n’a pas pu traiter cette conversation. Commencez-en une nouvelle.",
    context_too_long: "Cette conversation est devenue trop longue. Commencez-en une nouvelle.",
    stalled: "L’assistant ne répond plus. Réessayez.",
    internal: "Un problème est survenu de notre côté. Réessayez.",
  },
  startsAnew: (time) => ` Elle sera réinitialisée le ${time} (UTC).`,
};
