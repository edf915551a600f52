// What the admin API answers. Only checked, never served.

import type UPlot from "uplot";

declare global {
  /** The chart library, a script of its own. */
  const uPlot: typeof UPlot;
}

export type Operator = { id: number; phone: string; first_name: string; last_name: string; role: string; permissions: string[] };
export type Session = { operator: Operator; idle_seconds: number; device_token?: string };

export type PersonRow = {
  id: number; phone: string; invitation_code: string; first_name: string; last_name: string; email: string;
  created_at: string; banned_at: string | null;
};
export type Use = { created_at: string; used_at: string; user_agent: string | null; ip: string | null };
export type Standing = { limit: string; of: string; used: string; room_in_seconds: number | null };
export type Audit = { id: number; at: string; actor: string; action: string; user: number | null; detail: string; reason: string };
export type Delivery = { at: string; gateway: string | null; state: string | null; cost: string };
export type Person = PersonRow & {
  invited_by: { id: number; phone: string } | null; invited_at: string | null; invited_users_count: number;
  sessions: (Use & { id: number; expires_at: string })[]; devices: Use[]; deliveries: Delivery[]; limits: Standing[]; audit: Audit[];
};

export type Invitee = { id: number; phone: string; first_name: string; invited_at: string | null; invited_users_count: number };

export type Measure = "asked" | "limited" | "sent" | "unsent" | "delivered" | "undelivered" | "wrong" | "confirmed" | "accounts"
  | "invitations" | "deleted";
export type Point = { at: string; cost: string } & Record<Measure, number>;
export type ByGateway = {
  gateway: string; sent: number; delivered: number; undelivered: number; cost: string;
  delivery_seconds: { p50: number; p95: number } | null;
};
export type ByPrefix = { prefix: string; cost: string } & Record<"asked" | "sent" | "delivered" | "confirmed" | "accounts" | "invitations", number>;
export type Series = {
  unit: "hour" | "day"; points: Point[]; by_gateway: ByGateway[]; by_prefix: ByPrefix[]; by_limit: { limit: string; count: number }[];
};
export type Cohort = { week: string; accounts: number; invited: number; k: number };
export type Gateway = {
  name: string; prefixes: string[]; circuit: string; demoted: boolean; balance: string | null; sent: number; delivered: number;
  last_errors: { at: string; error: string }[];
};
export type Health = {
  integrity: string | null; stopped: boolean; log_blocked_seconds: number | null; clock_behind_seconds: number;
  backups: { to: string; seconds_ago: number | null; failing: boolean }[]; has_unknown_proxy: boolean; has_nameless_clients: boolean;
};
export type Overview = {
  alarm: { since: string | null; wrong: number; entered: number } | null; budgets: { of: string; span: string; amount: string; spent: string }[]; health: Health; people: number; today: Point;
};
/** What happened, or how many of that were missed. */
export type Happening = { count?: number; at: string; kind: string; phone: string | null; user: number | null; detail: string | null };
export type OperatorRow = { id: number; phone: string; first_name?: string; last_name?: string; role: string; granted_at?: string; granted_by?: string };
export type Key = { id: number; name: string; permissions: string[]; created_at: string; expires_at: string | null; used_at: string | null; good: boolean };

/** A view: fills `root` with what is at `route`; what it began ends with `signal`. */
export type Route = { view: string; id: string; query: URLSearchParams };
export type View = (root: HTMLElement, route: Route, signal: AbortSignal) => Promise<void>;
