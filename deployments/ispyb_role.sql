-- The rights that cryoem-flows needs on ISPyB, and no more: apply it to ISPyB's database as its administrator,
--
--     mariadb ispyb < deployments/ispyb_role.sql
--
-- and give the role to the user that the file of credentials names:
--
--     CREATE USER 'cryoem_flows'@'%' IDENTIFIED BY '...';
--     GRANT cryoem_flows_writer TO 'cryoem_flows'@'%';
--     SET DEFAULT ROLE cryoem_flows_writer FOR 'cryoem_flows'@'%';    -- MySQL: TO instead of FOR
--
-- Nothing can be deleted with it, and people, proposals, visits and data collections are not even seen.

CREATE ROLE IF NOT EXISTS cryoem_flows_writer;

-- What was found.
GRANT SELECT, INSERT, UPDATE ON Movie TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON MotionCorrection TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON CTF TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON RelativeIceThickness TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON ParticlePicker TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON ParticleClassificationGroup TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON ParticleClassification TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON CryoemInitialModel TO cryoem_flows_writer;
GRANT SELECT, INSERT ON ParticleClassification_has_CryoemInitialModel TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON BFactorFit TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON Tomogram TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON ProcessedTomogram TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON TiltImageAlignment TO cryoem_flows_writer;

-- How a program ends. The right to update is also what lets its writers take turns.
GRANT SELECT (autoProcProgramId, processingStatus, processingMessage, processingStartTime, processingEndTime),
    UPDATE (processingStatus, processingMessage, processingStartTime, processingEndTime)
    ON AutoProcProgram TO cryoem_flows_writer;

-- Files and messages of a program. May be left out: then they are not written.
GRANT SELECT, INSERT, UPDATE ON AutoProcProgramAttachment TO cryoem_flows_writer;
GRANT SELECT, INSERT, UPDATE ON AutoProcProgramMessage TO cryoem_flows_writer;

-- Murfey's numbers of the rows, for other programs that look them up. May be left out: then they are not written.
GRANT SELECT, INSERT, UPDATE ON zc_ZocaloBuffer TO cryoem_flows_writer;
