/** What a person answered. */
export interface ApprovalAnswer {
  toolUseId: string;
  isApproved: boolean;
  isRemembered: boolean;
}
