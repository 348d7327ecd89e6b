import { mount } from "svelte";
import { pageElement } from "../host-page.ts";
import clubPage from "./club-page.svelte";

mount(clubPage, { target: pageElement() });
