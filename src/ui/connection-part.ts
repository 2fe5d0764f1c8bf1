/** Whether what is seen is live: says when the connection is lost, how old the picture is, and when it is back. */
import { h } from './dom.js';
import type { Connection } from './event-stream.js';

export class ConnectionPart {
  readonly element = h('p', { class: 'connection', role: 'status' });
  private lostAt: Date | null = null;
  private ticking: ReturnType<typeof setInterval> | null = null;

  show(connection: Connection): void {
    this.stopTicking();
    this.element.hidden = false;
    this.element.className = `connection ${connection.state}`;
    if (connection.state === 'connecting') this.element.textContent = 'Connecting…';
    if (connection.state === 'live') {
      this.element.textContent =
        this.lostAt === null ? '● Live' : '● Live again: the connection is back.';
      this.lostAt = null;
    }
    if (connection.state === 'lost') this.showLost(connection.sentence, connection.retryAt);
  }

  hide(): void {
    this.stopTicking();
    this.element.hidden = true;
  }

  private showLost(sentence: string, retryAt: number): void {
    this.lostAt ??= new Date();
    const countdown = h('span', { 'aria-hidden': 'true' });
    this.element.replaceChildren(
      h('strong', {}, '○ Connection lost. '),
      `${sentence} What you see is from ${this.lostAt.toLocaleTimeString()}; the rollback itself goes on. `,
      countdown,
    );
    const tick = (): void => {
      const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
      countdown.textContent = `Trying again in ${seconds} s.`;
      if (seconds === 0 || !this.element.isConnected) this.stopTicking();
    };
    this.ticking = setInterval(tick, 500);
    tick();
  }

  private stopTicking(): void {
    if (this.ticking !== null) clearInterval(this.ticking);
    this.ticking = null;
  }
}
