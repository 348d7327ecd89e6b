import { html } from "./html.ts";
import { brand, layout } from "./layout.ts";
import { PEOPLE, type Person } from "./person.ts";

const MAY: Readonly<Record<Person["role"], string>> = {
  admin: "May see, invite and remove members, and write files. The assistant asks before it changes anything.",
  member: "May see the members. The assistant has no tools for anything else.",
};

/** Where a visitor chooses who to be. */
export function signInPage(): string {
  const choices = PEOPLE.map(
    ({ name, role }) => html`<button class="person" name="role" value="${role}">
        <strong>Sign in as ${role}</strong>
        <span>${name}</span>
        <small>${MAY[role]}</small>
      </button>`,
  );
  return layout(
    "Sign in",
    html`<main class="sign-in">
      ${brand}
      <h1>Members’ area</h1>
      <p>This is a demonstration: nobody needs a password.</p>
      <form method="post" action="/sign-in">${choices}</form>
    </main>`,
  );
}
