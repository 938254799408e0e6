/** How long Linux keeps trying. Source: tcp_timer.c, with RTO from 200 ms (TCP_RTO_MIN) to 120 s (TCP_RTO_MAX). */
import { MILLISECOND, type Micros, SECOND } from "../base/time.ts";

/** net.ipv4.tcp_retries2: an open connection whose data nobody acknowledges. */
const RETRIES = 15;
const FIRST_WAIT: Micros = 200 * MILLISECOND;
const LONGEST_WAIT: Micros = 120 * SECOND;

/** When data is sent again, from its first time on, and when the connection is given up: each wait is twice the one before. */
export const RETRANSMISSIONS: readonly Micros[] = Array.from({ length: RETRIES + 1 }).reduce<Micros[]>((at) => {
  const wait = Math.min(FIRST_WAIT * 2 ** at.length, LONGEST_WAIT);
  return [...at, (at.at(-1) ?? 0) + wait];
}, []);

/** 924.6 s with 15 retries: write() and read() fail with ETIMEDOUT. */
export const GIVES_UP_AFTER: Micros = RETRANSMISSIONS.at(-1) ?? 0;
