/** Plans as they come back out of the journal. */
import type { SshTarget } from '../host/ssh-host.ts';
import type { Journal } from '../plan/journal.ts';
import type { RemovePlan, SetupPlan, SyncPlan } from '../plan/plans.ts';
import type { ConfChange } from '../plan/steps.ts';

export function isSetupPlan(plan: unknown): plan is SetupPlan {
  if (!isRemovePlan(plan) || !('arbiterAddress' in plan && 'arbiterPort' in plan && 'tls' in plan)) return false;
  const numbers = typeof plan.arbiterAddress === 'string' && typeof plan.arbiterPort === 'number';
  if (!numbers || typeof plan.tls !== 'boolean' || !('startsArbiter' in plan && 'makesAuthority' in plan)) return false;
  return typeof plan.startsArbiter === 'boolean' && typeof plan.makesAuthority === 'boolean';
}

export function isRemovePlan(plan: unknown): plan is RemovePlan {
  if (typeof plan !== 'object' || plan === null || !('clusterName' in plan && 'conf' in plan)) return false;
  return (
    'run' in plan && typeof plan.run === 'string' && typeof plan.clusterName === 'string' && isConfChange(plan.conf)
  );
}

export function isSyncPlan(plan: unknown): plan is SyncPlan {
  if (typeof plan !== 'object' || plan === null || !('clusterName' in plan && 'newcomers' in plan)) return false;
  if (
    !('run' in plan && typeof plan.run === 'string' && 'conf' in plan && 'tls' in plan) ||
    typeof plan.tls !== 'boolean'
  )
    return false;
  return (
    typeof plan.clusterName === 'string' &&
    Array.isArray(plan.newcomers) &&
    plan.newcomers.every((name) => typeof name === 'string') &&
    (plan.conf === null || isConfChange(plan.conf))
  );
}

/** '' in the journal of another version, whose plan is refused as well. */
export function nameOfRun({ plan }: Journal): string {
  return typeof plan === 'object' && plan !== null && 'run' in plan && typeof plan.run === 'string' ? plan.run : '';
}

/** Where the arbiter was. undefined: it was not touched. */
export function targetOf(plan: unknown): SshTarget | undefined {
  if (typeof plan !== 'object' || plan === null || !('arbiterTarget' in plan)) return undefined;
  const target = plan.arbiterTarget;
  if (typeof target !== 'object' || target === null) return undefined;
  if (!('name' in target && 'destination' in target && 'secretGroup' in target)) return undefined;
  const { name, destination, secretGroup } = target;
  if (typeof name !== 'string' || typeof destination !== 'string' || typeof secretGroup !== 'string') return undefined;
  const user = 'user' in target && typeof target.user === 'string' ? { user: target.user } : {};
  return { name, destination, secretGroup, ...user };
}

function isConfChange(conf: unknown): conf is ConfChange {
  if (typeof conf !== 'object' || conf === null) return false;
  if (!('before' in conf && 'after' in conf && 'versionAfter' in conf)) return false;
  return [conf.before, conf.after, conf.versionAfter].every((text) => typeof text === 'string');
}
