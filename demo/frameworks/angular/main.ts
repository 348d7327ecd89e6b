// Compiled in the browser, so that this demo needs no second build: a project of your own has Angular's command line do
// that. Decorators are called as the functions they are.

import "@angular/compiler";
import "@chat-bot/widget";
import {
  Component,
  CUSTOM_ELEMENTS_SCHEMA,
  type ElementRef,
  provideZonelessChangeDetection,
  signal,
  ViewChild,
} from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import type { ChatBot } from "@chat-bot/widget";
import { endpoint, fetchToken, pageElement, suggestions } from "../host-page.ts";

class Page {
  assistant: ElementRef<ChatBot> | undefined = undefined;
  readonly isThere = signal(true);
  readonly heard = signal<readonly string[]>([]);
  readonly endpoint = endpoint;
  readonly fetchToken = fetchToken;
  readonly suggestions = suggestions;

  hear({ type }: Event): void {
    this.heard.update((before) => [...before, type]);
  }

  ask(): void {
    const assistant = this.assistant?.nativeElement;
    assistant?.show();
    void assistant?.send("List the members");
  }
}

ViewChild("assistant")(Page.prototype, "assistant");
Component({
  selector: "club-page",
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <button type="button" (click)="ask()">Ask for the members</button>
    <button type="button" (click)="isThere.set(!isThere())">
      {{ isThere() ? "Take the assistant away" : "Put the assistant back" }}
    </button>
    <output>{{ heard().join(", ") }}</output>
    @if (isThere()) {
      <chat-bot
        #assistant
        [endpoint]="endpoint"
        heading="Assistant in Angular"
        [tokenProvider]="fetchToken"
        [suggestions]="suggestions"
        (chat-bot-open)="hear($event)"
        (chat-bot-message)="hear($event)"
        (chat-bot-turn-end)="hear($event)"
      ></chat-bot>
    }
  `,
})(Page);

pageElement().append(document.createElement("club-page"));
await bootstrapApplication(Page, { providers: [provideZonelessChangeDetection()] });
