import type { ErrorCode } from "@chat-bot/widget/protocol";
import type { Locale } from "../store/turn-record.ts";

type Messages = Record<ErrorCode, string>;

const en: Messages = {
  invalid_json: "The request could not be read.",
  invalid_payload: "Something in the request is missing or not allowed.",
  invalid_token: "You are not signed in. Sign in again and retry.",
  token_expired: "Your sign-in has expired. Sign in again and retry.",
  forbidden: "You are not allowed to do this.",
  origin_not_allowed: "This site may not use the assistant.",
  not_found: "This conversation or request no longer exists.",
  method_not_allowed: "This cannot be done here.",
  payload_too_large: "The message is too long.",
  unsupported_media_type: "The request has the wrong format.",
  concurrent_request: "The assistant is still answering your last message. Wait for it, or stop it first.",
  already_decided: "This has already been decided otherwise.",
  approval_expired: "The time to decide about this has run out. Ask again if you still want it.",
  approval_superseded: "This is no longer waiting for a decision.",
  input_changed: "What would run is not what you were shown, so nothing was run.",
  idempotency_mismatch: "This message was sent before with another text.",
  limit_exceeded: "The daily limit is used up.",
  too_many_requests: "That was a little fast. Wait a moment and try again.",
  chatbot_disabled: "The assistant is not available here at the moment.",
  draining: "The assistant is restarting. Try again in a few seconds.",
  store_unavailable: "The assistant cannot reach its memory at the moment. Try again soon.",
  provider_unauthorized: "The assistant is not set up correctly. Please tell the people who run this site.",
  provider_billing: "The assistant's account needs attention. Please tell the people who run this site.",
  provider_rate_limited: "The assistant is in great demand. Try again in a minute.",
  provider_overloaded: "The assistant is overloaded at the moment. Try again in a minute.",
  provider_unavailable: "The connection to the assistant broke. Try again.",
  provider_rejected: "The assistant could not process this conversation. Start a new one.",
  context_too_long: "This conversation has become too long. Start a new one.",
  stalled: "The assistant fell silent. Try again.",
  internal: "Something went wrong on our side. Try again.",
};

const ptBr: Messages = {
  invalid_json: "Não foi possível ler a solicitação.",
  invalid_payload: "Algo na solicitação está faltando ou não é permitido.",
  invalid_token: "Você não está conectado. Entre novamente e tente de novo.",
  token_expired: "Sua sessão expirou. Entre novamente e tente de novo.",
  forbidden: "Você não tem permissão para fazer isso.",
  origin_not_allowed: "Este site não pode usar o assistente.",
  not_found: "Esta conversa ou solicitação não existe mais.",
  method_not_allowed: "Isto não pode ser feito aqui.",
  payload_too_large: "A mensagem é longa demais.",
  unsupported_media_type: "A solicitação está no formato errado.",
  concurrent_request: "O assistente ainda está respondendo à sua última mensagem. Espere ou interrompa-o primeiro.",
  already_decided: "Isto já foi decidido de outra forma.",
  approval_expired: "O prazo para decidir acabou. Peça de novo se ainda quiser.",
  approval_superseded: "Isto não está mais aguardando uma decisão.",
  input_changed: "O que seria executado não é o que foi mostrado a você; nada foi executado.",
  idempotency_mismatch: "Esta mensagem já foi enviada com outro texto.",
  limit_exceeded: "O limite diário foi atingido.",
  too_many_requests: "Rápido demais. Espere um momento e tente de novo.",
  chatbot_disabled: "O assistente não está disponível aqui no momento.",
  draining: "O assistente está reiniciando. Tente de novo em alguns segundos.",
  store_unavailable: "O assistente não consegue acessar sua memória no momento. Tente de novo em breve.",
  provider_unauthorized: "O assistente não está configurado corretamente. Avise os responsáveis por este site.",
  provider_billing: "A conta do assistente precisa de atenção. Avise os responsáveis por este site.",
  provider_rate_limited: "O assistente está muito requisitado. Tente de novo em um minuto.",
  provider_overloaded: "O assistente está sobrecarregado no momento. Tente de novo em um minuto.",
  provider_unavailable: "A conexão com o assistente caiu. Tente de novo.",
  provider_rejected: "O assistente não conseguiu processar esta conversa. Comece uma nova.",
  context_too_long: "Esta conversa ficou longa demais. Comece uma nova.",
  stalled: "O assistente parou de responder. Tente de novo.",
  internal: "Algo deu errado do nosso lado. Tente de novo.",
};

const MESSAGES: Record<Locale, Messages> = { en, "pt-BR": ptBr };

/** Says an error to a person: one friendly sentence, and when a limit starts anew where that is known. */
export function errorMessage(code: ErrorCode, locale: Locale, details: { resets_at?: string } = {}): string {
  const message = MESSAGES[locale][code];
  if (code !== "limit_exceeded" || details.resets_at === undefined) return message;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" }).format(
    new Date(details.resets_at),
  );
  return locale === "pt-BR"
    ? `${message} Ele recomeça em ${time} (UTC).`
    : `${message} It starts anew on ${time} (UTC).`;
}

/** The language of `Accept-Language` (RFC 9110, section 12.5.4) that this server speaks; English when it knows none. */
export function pickLocale(header: string): Locale {
  const ranges = header
    .slice(0, 500)
    .split(",")
    .map((part) => {
      const [range = "", ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return { range, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  for (const { range } of ranges) {
    if (range === "pt" || range.startsWith("pt-")) return "pt-BR";
    if (range === "en" || range.startsWith("en-") || range === "*") return "en";
  }
  return "en";
}
