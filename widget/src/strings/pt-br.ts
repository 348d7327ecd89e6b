import { formatCountdown, formatDuration } from "./format-duration.ts";
import type { Strings } from "./strings.ts";

/** Brazilian Portuguese. `locale` decides how numbers, dates and units are written. */
export function brazilianPortugueseStrings(locale: string): Strings {
  const plural = new Intl.PluralRules(locale);
  const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const count = (value: number, one: string, other: string): string =>
    `${integer.format(value)} ${plural.select(value) === "one" ? one : other}`;
  const seconds = (milliseconds: number): string =>
    count(Math.max(1, Math.ceil(milliseconds / 1000)), "segundo", "segundos");
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

  return {
    launcherOpen: "Abrir o chat",
    launcherClose: "Fechar o chat",
    launcherUnread: (unread) => `Abrir o chat, ${count(unread, "mensagem não lida", "mensagens não lidas")}`,
    heading: "Assistente",
    close: "Fechar",
    newConversation: "Nova conversa",
    messageList: "Conversa",
    greeting: "Olá! Como posso ajudar?",
    suggestions: "Você pode perguntar",
    loadingConversation: "Carregando a conversa…",
    scrollToLatest: "Ir para a mensagem mais recente",

    you: "Você",
    assistant: "Assistente",
    messageSending: "Enviando…",
    messageFailed: "Não enviada",
    messageRetry: "Enviar de novo",
    answerStopped: "Interrompida",
    answerCutAtLimit: "A resposta foi cortada porque atingiu o tamanho máximo.",
    copyCode: "Copiar código",
    codeCopied: "Copiado",
    showMore: "Mostrar mais",
    showLess: "Mostrar menos",

    composerLabel: "Sua mensagem",
    placeholder: "Escreva uma mensagem…",
    send: "Enviar",
    stop: "Parar",
    stopping: "Parando…",
    messageTooLong: (length, limit) =>
      `A mensagem é longa demais: ${integer.format(length)} de no máximo ${count(limit, "caractere", "caracteres")}.`,

    statusTyping: "A IA está digitando…",
    statusCreatingFile: (path) => (path === null ? "Criando arquivo…" : `Criando o arquivo ${path}…`),
    statusToolRunning: (title) => `Executando ${title}…`,
    statusAwaitingApproval: "Aguardando sua aprovação",
    statusBusy: (retryInMs) => `Ocupado… nova tentativa em ${seconds(retryInMs)}`,
    statusRecovering: "Retomando de onde parou…",
    statusConnecting: "Conectando…",
    statusReconnecting: "Reconectando…",
    statusStopping: "Parando…",

    toolPreparing: "Preparando",
    toolAwaitingApproval: "Aguardando aprovação",
    toolRunning: "Em execução",
    toolOutcome: {
      ok: "Concluído",
      error: "Falhou",
      denied: "Negado",
      expired: "Expirou sem resposta",
      superseded: "Descartado pela sua nova mensagem",
      cancelled: "Cancelado",
      unknown: "Resultado desconhecido: pode ou não ter acontecido",
    },
    toolDuration: (durationMs) => formatDuration(locale, durationMs),
    toolInput: "Entrada",
    toolOutput: "Saída ao vivo",
    toolResult: "Resultado",
    toolResultTruncated: "O resultado foi encurtado.",
    toolProgress: (done, total) => `${integer.format(done)} de ${integer.format(total)}`,
    toolImage: "Imagem da ferramenta",
    toolFileWritten: (path) => `Arquivo ${path}`,
    toolShowDetails: "Mostrar detalhes",
    toolHideDetails: "Ocultar detalhes",

    approvalTitle: "Aprovação necessária",
    approvalAsks: (title) => `O assistente quer executar “${title}”`,
    approvalDescription: "O que faz",
    approvalInput: "Entrada exata",
    approvalNoInput: "Sem entrada",
    approvalApprove: "Aprovar",
    approvalDeny: "Negar",
    approvalRememberConversation: "Não perguntar de novo nesta conversa",
    approvalExpiresIn: (remainingMs) => `Expira em ${formatCountdown(remainingMs)}`,
    approvalExpired: "Este pedido expirou.",
    approvalPosition: (index, total) => `${integer.format(index)} de ${integer.format(total)}`,
    approvalDestructive: "Isto pode alterar ou apagar dados definitivamente.",
    approvalAnnouncement: (title) => `Sua aprovação é necessária: o assistente quer executar ${title}`,

    linkTitle: "Sair desta página?",
    linkConfirm: (host) => `Este link leva a ${host}. O endereço completo é:`,
    linkOpen: "Abrir link",
    linkCancel: "Cancelar",

    errorTitle: "Algo deu errado",
    errorNetwork: "A conexão foi perdida. Sua mensagem está guardada.",
    errorTokenUnavailable: "Não foi possível entrar no assistente.",
    errorSignIn: "Sua sessão terminou. Entre novamente, por favor.",
    errorStreamGap: "Parte da resposta se perdeu no caminho.",
    errorConcurrent: "Um momento, por favor: o assistente ainda está respondendo a outra mensagem sua.",
    errorLimit: "O limite de uso de hoje foi atingido.",
    errorTooManyRequests: "Isso foi um pouco rápido. Aguarde um instante, por favor.",
    errorNotFound: "Esta conversa não existe mais.",
    errorAlreadyDecided: "Isto já foi decidido em outro lugar.",
    errorInternal: "Algo deu errado do nosso lado.",
    limitResetsAt: (resetsAt) => `O limite é renovado em ${dateTime.format(resetsAt)}.`,
    retryIn: (retryAfterMs) => `Tente de novo em ${seconds(retryAfterMs)}.`,
    remedyRetry: "Tentar de novo",
    remedySignIn: "Entrar novamente",
    dismiss: "Dispensar",
  };
}
