import { othersThan } from './choose';
import { PromotionContext, type PromotionRequest, type PromotionServices } from './context';
import { beforeCutOff, refuseReplaced, wasCutOff } from './cut-off';
import { look, takeCluster } from './look';
import { withMembers } from './open';
import { promotedAlready } from './promoted';
import { takeBack } from './take-back';
import { refuseUnderWay } from './under-way';

/**
 * Takes back what a promotion has left that was cut off before its point of no return, without promoting anything;
 * nothing where there is none. `cause` is why the promotion cannot go on.
 *
 * @throws PontoonError with code NOT_TAKEN_BACK that says what is left.
 */
export async function takeBackPromotion(
  request: PromotionRequest,
  services: PromotionServices,
  cause: unknown,
): Promise<void> {
  await withMembers(request.input, services.secrets, async (sessions, absent) => {
    const context = new PromotionContext(request, services, sessions, absent);
    if (!sessions.has(request.input.from)) return;
    await takeCluster(context);
    const members = await look(context);
    await refuseUnderWay(context, members);
    if (promotedAlready(context, members) !== undefined) return;
    await refuseReplaced(context, members);
    if (!(await wasCutOff(context))) return;
    const others = othersThan(members, '');
    await takeBack(context, beforeCutOff(context, members), { to: undefined, others, cause });
  });
}
