import type { NewMember } from "./member.ts";

/** Who is in the club when it opens: a dozen, numbered in this order. */
export const FIRST_MEMBERS: readonly NewMember[] = [
  { name: "Amara Okafor", email: "amara.okafor@harbour.example", role: "coach", joined: "2016-03-14" },
  { name: "Bruno Alves", email: "bruno.alves@harbour.example", role: "rower", joined: "2019-09-02" },
  { name: "Chiara Conti", email: "chiara.conti@harbour.example", role: "cox", joined: "2021-05-20" },
  { name: "Daniel Sørensen", email: "daniel.sorensen@harbour.example", role: "rower", joined: "2018-01-11" },
  { name: "Elif Yılmaz", email: "elif.yilmaz@harbour.example", role: "rower", joined: "2022-10-08" },
  { name: "Fernanda Souza", email: "fernanda.souza@harbour.example", role: "treasurer", joined: "2015-06-30" },
  { name: "George O'Brien", email: "george.obrien@harbour.example", role: "rower", joined: "2023-02-17" },
  { name: "Hana Novák", email: "hana.novak@harbour.example", role: "boatman", joined: "2014-04-01" },
  { name: "Ibrahim Diallo", email: "ibrahim.diallo@harbour.example", role: "rower", joined: "2020-08-23" },
  { name: "Jun Tanaka", email: "jun.tanaka@harbour.example", role: "cox", joined: "2024-03-05" },
  { name: "Katja Lindqvist", email: "katja.lindqvist@harbour.example", role: "rower", joined: "2017-11-19" },
  { name: "Luís Pereira", email: "luis.pereira@harbour.example", role: "rower", joined: "2025-01-27" },
];
