import { create } from "zustand";

export interface Toast {
  readonly id: number;
  readonly text: string;
}

interface ToastState {
  readonly toasts: readonly Toast[];
  dismiss(id: number): void;
}

/** What happened elsewhere: copied, saved. Not for what the editor, the map or a notice says in its own place. */
export const useToasts = create<ToastState>()((set) => ({
  toasts: [],
  dismiss: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
}));

/** At most so many at once: older ones make room. */
const SHOWN = 3;
let last = 0;

export function toast(text: string): void {
  last += 1;
  const id = last;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { id, text }].slice(-SHOWN) }));
}
