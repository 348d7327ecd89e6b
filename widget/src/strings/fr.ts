import { formatsOf } from "./formats.ts";
import type { Strings } from "./strings.ts";

/**
 * French. `locale` decides how numbers, dates and units are written. Before `:` stands a no-break space, before `?` and
 * `!` and within quotes a narrow one.
 */
export function frenchStrings(locale: string): Strings {
  const { number, percent, count, dateTime, dateTimeInSentence, inTime, duration, countdown, size } = formatsOf<
    "one" | "many"
  >(locale);

  return {
    launcherOpen: "Ouvrir le chat",
    launcherClose: "Fermer le chat",
    launcherUnread: (unread) =>
      `Ouvrir le chat, ${count(unread, { one: "# message non lu", many: "# de messages non lus", other: "# messages non lus" })}`,
    heading: "Assistant",
    close: "Fermer",
    newConversation: "Nouvelle conversation",
    sessionOpen: "Ce que l’assistant peut faire",
    messageList: "Conversation",
    greeting: "Bonjour\u202F! Comment puis-je vous aider\u202F?",
    suggestions: "Vous pourriez demander",
    loadingConversation: "Chargement de la conversation…",
    scrollToLatest: "Aller au dernier message",

    you: "Vous",
    assistant: "Assistant",
    messageFailed: "Non envoyé",
    messageRetry: "Renvoyer",
    answerStopped: "Interrompue",
    answerCutAtLimit: "La réponse a été coupée, car elle a atteint la longueur maximale.",
    copyCode: "Copier le code",
    codeCopied: "Copié",

    composerLabel: "Votre message",
    placeholder: "Écrivez un message…",
    send: "Envoyer",
    stop: "Arrêter",
    stopping: "Arrêt en cours…",
    messageLength: (length, limit) => `${number(length)} / ${number(limit)}`,
    messageTooLong: (length, limit) =>
      `Le message est trop long\u00A0: ${number(length)} sur ${count(limit, { one: "# caractère", many: "# de caractères", other: "# caractères" })} au maximum.`,

    statusTyping: "L’IA écrit…",
    statusCreatingFile: (path) => (path === null ? "Création du fichier…" : `Création du fichier ${path}…`),
    statusToolRunning: (title) => `Exécution de ${title}…`,
    statusAwaitingApproval: "En attente de votre approbation",
    statusBusy: (retryInMs) => `Service occupé… nouvel essai ${inTime(retryInMs)}`,
    statusRecovering: "Reprise là où nous en étions…",
    statusConnecting: "Connexion…",
    statusReconnecting: "Reconnexion…",
    statusStopping: "Arrêt en cours…",

    toolPreparing: "Préparation",
    toolAwaitingApproval: "En attente d’approbation",
    toolRunning: "En cours",
    toolOutcome: {
      ok: "Terminé",
      error: "Échec",
      denied: "Refusé",
      expired: "Expiré sans réponse",
      superseded: "Abandonné pour votre nouveau message",
      cancelled: "Annulé",
      unknown: "Résultat inconnu\u00A0: l’action a pu avoir lieu ou non",
    },
    toolDuration: duration,
    size,
    fileSize: (lines, bytes) =>
      `${count(lines, { one: "# ligne", many: "# de lignes", other: "# lignes" })}, ${size(bytes)}`,
    toolInput: "Entrée",
    toolOutput: "Sortie en direct",
    toolResult: "Résultat",
    toolResultTruncated: "Le résultat a été abrégé.",
    toolProgress: (done, total) => `${number(done)} sur ${number(total)}`,
    toolImage: "Image de l’outil",
    toolFileWritten: (path) => `Fichier ${path}`,
    toolShowDetails: "Afficher les détails",
    toolHideDetails: "Masquer les détails",
    toolOutputHidden: (bytes) => `${size(bytes)} non affichés au-dessus`,
    toolOutputShowAll: "Tout afficher",
    toolOutputShowEnd: "N’afficher que la fin",
    toolOutputFollow: "Aller à la fin de la sortie",

    approvalTitle: "Approbation requise",
    approvalAsks: (title) => `L’assistant souhaite exécuter «\u202F${title}\u202F»`,
    approvalInput: "Entrée exacte",
    approvalNoInput: "Aucune entrée",
    approvalApprove: "Approuver",
    approvalDeny: "Refuser",
    approvalRememberConversation: "Ne plus demander dans cette conversation",
    approvalExpiresIn: (remainingMs) => `Expire dans ${countdown(remainingMs)}`,
    approvalExpiresSoon: "Il reste moins d’une minute pour répondre.",
    approvalExpired: "Cette demande a expiré.",
    approvalPosition: (index, total) => `${number(index)} sur ${number(total)}`,
    approvalPrevious: "Demande précédente",
    approvalNext: "Demande suivante",
    approvalApproveAll: (total) => `Approuver les\u00A0${number(total)}`,
    approvalDenyAll: (total) => `Refuser les\u00A0${number(total)}`,
    approvalLookAtAll: (unseen) =>
      `Pour tout approuver à la fois, consultez d’abord ${count(unseen, { one: "# autre demande", many: "# d’autres demandes", other: "# autres demandes" })}.`,
    approvalDestructive: "Cette action peut modifier ou supprimer des données définitivement.",
    approvalNotVisible:
      "Vous pourrez approuver dès que ces boutons seront entièrement visibles et que rien ne les recouvrira.",
    approvalFramed: "Vous ne pouvez pas approuver ici, car cette page est affichée dans un autre site.",
    approvalOpenPage: "Ouvrir la page seule",
    fileNew: "Nouveau fichier",
    fileReplaces: "Remplace le fichier s’il existe",
    fileContent: "Contenu",
    fileChanges: "Modifications",
    diffSummary: (added, removed) =>
      `${count(added, { one: "# ligne ajoutée", many: "# de lignes ajoutées", other: "# lignes ajoutées" })}, ${count(removed, { one: "# supprimée", many: "# supprimées", other: "# supprimées" })}`,
    diffAdded: "Ajoutée\u00A0:",
    diffRemoved: "Supprimée\u00A0:",
    approvalApprovedElsewhere: (title) => `L’action «\u202F${title}\u202F» a été approuvée dans une autre fenêtre.`,
    approvalDeniedElsewhere: (title) => `L’action «\u202F${title}\u202F» a été refusée dans une autre fenêtre.`,
    approvalRanOut: (title) =>
      `Personne n’a répondu à temps\u00A0: l’action «\u202F${title}\u202F» n’a pas été exécutée. Redemandez-la si vous la souhaitez toujours.`,
    approvalAnnouncement: (title) => `Votre approbation est requise\u00A0: l’assistant souhaite exécuter ${title}`,

    sessionTitle: "Autorisations et activité",
    sessionBack: "Retour à la conversation",
    sessionLoading: "Chargement…",
    sessionFailed: "Le chargement a échoué.",
    sessionUser: "Connecté en tant que",
    sessionOrganization: "Organisation",
    sessionModel: "Modèle",
    budget: "Limite quotidienne",
    budgetUser: "Vous",
    budgetOrganization: "Votre organisation",
    budgetRemaining: (tokens, limit) =>
      `Il reste ${count(tokens, { one: "# jeton", many: "# de jetons", other: "# jetons" })} sur ${number(limit)}`,
    budgetLow: (fraction) => `Il reste environ ${percent(fraction)} de la limite du jour.`,
    budgetShow: "Détails",
    tools: "Ce que l’assistant peut faire",
    toolsNone: "L’assistant ne dispose d’aucun outil ici. Il peut seulement écrire.",
    toolApproval: {
      always: "Vous demande d’abord",
      never: "Ne demande pas",
      auto: "Vous demande d’abord, sauf pour une simple lecture",
    },
    approvals: "Autorisé dans cette conversation",
    approvalsNone: "Vous n’avez rien autorisé pour toute la conversation.",
    approvalSince: (date) => `Depuis le ${dateTimeInSentence(date)}`,
    approvalRevoke: "Redemander",
    approvalRevokeOf: (title) => `Redemander avant d’exécuter ${title}`,
    approvalRevoked: (title) =>
      `Désormais, votre accord sera de nouveau demandé avant d’exécuter «\u202F${title}\u202F».`,
    approvalRevokeFailed: (title) =>
      `Cela n’a pas fonctionné\u00A0: «\u202F${title}\u202F» reste autorisé. Veuillez réessayer.`,
    receipt: "Ce que l’assistant a fait ici",
    receiptNone: "L’assistant n’a utilisé aucun outil dans cette conversation.",
    receiptTime: dateTime,
    receiptApproved: (date) => `Vous l’avez approuvé le ${dateTimeInSentence(date)}`,
    receiptDenied: (date) => `Vous l’avez refusé le ${dateTimeInSentence(date)}`,
    receiptApprovedElsewhere: "Vous l’avez approuvé dans une autre fenêtre",
    receiptDeniedElsewhere: "Vous l’avez refusé dans une autre fenêtre",

    linkTitle: "Ouvrir ce lien\u202F?",
    linkConfirm: (host) => `Ce lien mène à ${host}. Son adresse complète est\u00A0:`,
    linkOpen: "Ouvrir le lien",
    linkCancel: "Annuler",

    errorNetwork: "La connexion a été interrompue. Votre message est conservé.",
    errorTokenUnavailable: "La connexion à l’assistant a échoué.",
    errorSignIn: "Votre session est terminée. Veuillez vous reconnecter.",
    errorStreamGap: "Une partie de la réponse s’est perdue en route.",
    errorConcurrent: "Un instant, s’il vous plaît\u00A0: l’assistant répond encore à un autre de vos messages.",
    errorLimit: {
      user: "Vous avez atteint votre limite quotidienne.",
      organization: "Votre organisation a atteint sa limite quotidienne.",
      global: "L’assistant a atteint sa limite quotidienne pour tous.",
    },
    errorInternal: "Un problème est survenu de notre côté.",
    errorPartMissing: "Une partie du chat n’a pas pu être chargée.",
    limitResetsAt: (resetsAt) => `La limite sera réinitialisée le ${dateTimeInSentence(resetsAt)}.`,
    retryIn: (retryAfterMs) => `Réessayez ${inTime(retryAfterMs)}.`,
    remedyRetry: "Réessayer",
    remedySignIn: "Se reconnecter",
    dismiss: "Ignorer",
  };
}
