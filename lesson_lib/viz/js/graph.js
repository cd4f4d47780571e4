// What every graph carries: the way to its program. A browser keeps each module that it ever read, one for each widget, so the programs
// themselves come with the engine.
import { widget } from "./widget.js";

export default widget(async (props) => {
  const { exports } = await props.host.getWidget(props.model.get("engine"));
  if (!props.signal.aborted) await exports.programs[props.model.get("program")](props);
});
