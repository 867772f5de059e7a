/**
 * Where a task keeps tables of its own on the target; they would be in `public`, among those of applications.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.ControlTable.html
 */
export const CONTROL_SCHEMA = 'awsdms_control';
